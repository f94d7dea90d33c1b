// SPDX-License-Identifier: Apache-2.0
/**
 * The vocabulary of the VFIO and iommufd uAPI, as Linux 7.2 defines it: what a native program and vfio4j both know.
 *
 * <ul>
 *   <li>{@link org.vfio4j.uapi.VfioIoctl} and {@link org.vfio4j.uapi.IommufdIoctl} number the commands;
 *       {@link org.vfio4j.uapi.FileKind} names them again.
 *   <li>The other {@code Vfio…} and {@code Iommufd…} classes hold flags, indexes and types, one class per subject.
 *       Constants keep the kernel's names, so that a search for one finds its uses on both sides.
 *   <li>{@link org.vfio4j.uapi.Errno} and {@link org.vfio4j.uapi.VfioException} say why something failed.
 * </ul>
 *
 * <p>The structs that go with the commands are in {@link org.vfio4j.uapi.struct}. Everything here is constant: no state,
 * no behaviour, free for any thread.
 */
package org.vfio4j.uapi;
