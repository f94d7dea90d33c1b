// SPDX-License-Identifier: Apache-2.0
/**
 * The objects of VFIO and the rules between them: {@link org.vfio4j.core.vfio.CoreDevice devices} and their
 * {@link org.vfio4j.core.vfio.CoreDeviceSet sets}, {@link org.vfio4j.core.vfio.VfioGroup groups},
 * {@link org.vfio4j.core.vfio.VfioContainer containers}, {@link org.vfio4j.core.vfio.VfioDeviceFile device files} and the one
 * sequence that opens a device whichever path it is opened by. Operations here are typed and throw
 * {@link org.vfio4j.uapi.VfioException}; the codec turns raw calls into them.
 *
 * <h2>Lock order, outer to inner</h2>
 *
 * <ol>
 *   <li>{@code VfioGroups.listLock}: which groups exist
 *   <li>{@code VfioGroup.lock}: the state of one group
 *   <li>either {@code VfioContainer.groupsLock} (read-write), then {@code ContainerBackends.lock}, then the backend;
 *       or {@link org.vfio4j.core.vfio.CoreDeviceSet#lock()}, then the locks of drivers, backends and iommufd
 *   <li>leaves: {@code VfioGroup.devicesLock} (held while a driver matches a name), {@code RegistrationCount.lock},
 *       {@code DeviceSets.lock}, {@code DeviceIndexes.lock}
 * </ol>
 *
 * <p>BIND takes the group lock alone, lets go of it, then takes the set lock; a close lets go of the set lock before it takes
 * the group lock. No lock is held while an open device's read, write, mmap or device-control call runs. Specification: core
 * §1 to §9 and §14.
 */
package org.vfio4j.core.vfio;
