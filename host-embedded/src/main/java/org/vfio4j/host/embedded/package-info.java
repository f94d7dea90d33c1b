// SPDX-License-Identifier: Apache-2.0
/**
 * A whole machine in this process: the host {@linkplain org.vfio4j.host.embedded.EmbeddedHostProvider embedded} reads a
 * description, assembles IOMMU units, isolation groups, buses and devices from it, and runs them.
 */
package org.vfio4j.host.embedded;
