// SPDX-License-Identifier: Apache-2.0
/**
 * What somebody who writes a driver, an IOMMU backend or a host tests it with: a JUnit 5 extension that gives a test an embedded
 * machine, and contract tests as abstract classes that every implementation of a service must pass, vfio4j's own included.
 */
package org.vfio4j.testing;
