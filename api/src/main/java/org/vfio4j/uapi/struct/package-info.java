// SPDX-License-Identifier: Apache-2.0
/**
 * The structs of the VFIO and iommufd uAPI: one class per kernel struct, named as the kernel names it in Java spelling
 * ({@code vfio_iommu_type1_dma_map} is {@link org.vfio4j.uapi.struct.VfioIommuType1DmaMap}).
 *
 * <p>No class here has instances. Each tells where its fields lie and reads and writes them in place, in a
 * {@link java.lang.foreign.MemorySegment} whose first byte is the struct's first byte, so that nothing is copied or
 * allocated on the way:
 *
 * <pre>{@code
 * VfioIommuType1DmaMap.argsz(arg, VfioIommuType1DmaMap.SIZEOF);
 * VfioIommuType1DmaMap.iova(arg, 0x10_0000);
 * }</pre>
 *
 * <p>{@code *_OFFSET} constants count bytes from there. Numbers are little-endian (see
 * {@link org.vfio4j.uapi.struct.UapiLayouts}); unsigned 8 and 16 bit fields come as non-negative {@code int}, unsigned
 * 32 and 64 bit fields as the {@code int} or {@code long} with the same bits; writing an 8 or 16 bit field keeps the
 * low bits. A segment too short for a field is refused with {@link java.lang.IndexOutOfBoundsException}: whoever
 * decodes a caller's struct compares its size with {@code MIN_ARGSZ} or {@code MIN_SIZE} first. The classes hold no
 * state; any thread may use them.
 */
package org.vfio4j.uapi.struct;
