// SPDX-License-Identifier: Apache-2.0
/**
 * What every modelled device of the machine shares: its {@linkplain org.vfio4j.host.embedded.device.MachineSlot place}
 * behind an IOMMU unit and the {@linkplain org.vfio4j.host.embedded.device.DeviceExecutor thread} on which devices work.
 */
package org.vfio4j.host.embedded.device;
