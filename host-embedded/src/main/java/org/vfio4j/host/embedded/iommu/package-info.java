// SPDX-License-Identifier: Apache-2.0
/**
 * The software IOMMU of the embedded machine: units of hardware that devices' accesses to memory really go through.
 *
 * <p>A unit makes {@linkplain org.vfio4j.host.embedded.iommu.EmbeddedGroup isolation groups} of its kind. A
 * {@link org.vfio4j.host.embedded.iommu.PagingUnit} translates with multi-level page tables, a
 * {@link org.vfio4j.host.embedded.iommu.TceUnit} with windows of TCE tables. Each device gets a
 * {@link org.vfio4j.spi.model.DmaPort} with an IOTLB of its own; an access it refuses is recorded in the
 * {@link org.vfio4j.host.embedded.iommu.FaultLog}.
 *
 * <p>How an unmap becomes a barrier: a port's counter is odd while an access runs. Whoever takes a translation away first
 * clears it, then raises the generation that the ports' cached translations carry, then waits until every port that could
 * have used it has left the access it was in. Who has to execute which fence for that is said at {@code AccessFence}. Spec: type1 §16, iommufd §15, spapr §10 and §12, core §7.
 */
package org.vfio4j.host.embedded.iommu;
