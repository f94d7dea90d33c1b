// SPDX-License-Identifier: Apache-2.0
/**
 * Memory that devices can be given. {@link org.vfio4j.core.memory.FrameTable} hands out physical addresses and counts
 * pins, {@link org.vfio4j.core.memory.JvmAddressSpace} is the memory of this JVM as one user,
 * {@link org.vfio4j.core.memory.PageCounter} counts what is locked and {@link org.vfio4j.core.memory.DmaBuffers} makes
 * the buffers of the typed API.
 *
 * <p>Who keeps what alive: an address space owns what it knows until the user frees, unregisters or closes; then the
 * frame table owns it until the last pin is gone, and only then is native memory freed. So a device never reaches freed
 * memory, whatever its user does. Spec: type1 §9, §16.11.
 */
package org.vfio4j.core.memory;
