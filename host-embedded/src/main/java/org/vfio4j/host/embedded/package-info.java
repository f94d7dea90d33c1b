// SPDX-License-Identifier: Apache-2.0
/**
 * A whole machine in this process, the default host: buses with simulated devices, and software IOMMU units whose tables really
 * translate every device access, record its faults and can be described in a file. It is what makes every flow testable without
 * hardware or privileges.
 */
package org.vfio4j.host.embedded;
