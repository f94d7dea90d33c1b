// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.IommufdIoctl;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.struct.IommuDestroy;
import org.vfio4j.uapi.struct.IommuIoasAlloc;
import org.vfio4j.uapi.struct.IommuIoasMap;
import org.vfio4j.uapi.struct.IommuIoasMapFile;
import org.vfio4j.uapi.struct.IommuIoasUnmap;
import org.vfio4j.uapi.struct.VfioDeviceAttachIommufdPt;
import org.vfio4j.uapi.struct.VfioDeviceBindIommufd;
import org.vfio4j.uapi.struct.VfioGroupStatus;
import org.vfio4j.uapi.struct.VfioIommuType1DmaMap;
import org.vfio4j.uapi.struct.VfioIommuType1DmaUnmap;

/** The calls a native VFIO program makes, as short as in C. Results are the system's: negative is minus an errno. */
final class Program {
    static final String CONTAINER = "/dev/vfio/vfio";
    static final String IOMMU = "/dev/iommu";

    private static final int READ_WRITE = 3;
    private static final int FIXED_READ_WRITE = 7;

    final UapiSystem system;
    private final MemorySegment argument;

    Program(UapiSystem system) {
        this.system = system;
        this.argument = system.memory(4096);
    }

    /** Opens a node that must be there. */
    long open(String path) {
        return require("open " + path, system.open(path));
    }

    /** A descriptor or other result that must not be a refusal. */
    static long require(String what, long result) {
        assertThat(result).as("result of %s", what).isNotNegative();
        return result;
    }

    /** Requires a refusal. */
    static void refused(String what, long result, Errno errno) {
        assertThat(result).as("result of %s", what).isEqualTo(UapiSystem.refusal(errno));
    }

    /** Zeroed memory for an argument, used again by the next call. */
    MemorySegment argument(int size) {
        return argument.asSlice(0, size).fill((byte) 0);
    }

    MemorySegment number(long value) {
        var memory = argument(Integer.BYTES);
        memory.set(ValueLayout.JAVA_INT, 0, (int) value);
        return memory;
    }

    long setContainer(long group, long container) {
        return system.ioctl(group, VfioIoctl.VFIO_GROUP_SET_CONTAINER, number(container));
    }

    long unsetContainer(long group) {
        return system.ioctl(group, VfioIoctl.VFIO_GROUP_UNSET_CONTAINER, 0);
    }

    long setIommu(long container, int type) {
        return system.ioctl(container, VfioIoctl.VFIO_SET_IOMMU, type);
    }

    long checkExtension(long container, int extension) {
        return system.ioctl(container, VfioIoctl.VFIO_CHECK_EXTENSION, extension);
    }

    /** Flags of GET_STATUS. */
    long status(long group) {
        var status = argument(VfioGroupStatus.SIZEOF);
        VfioGroupStatus.argsz(status, VfioGroupStatus.SIZEOF);
        long result = system.ioctl(group, VfioIoctl.VFIO_GROUP_GET_STATUS, status);
        return result < 0 ? result : VfioGroupStatus.flags(status);
    }

    long getDeviceFd(long group, String name) {
        var bytes = (name + "\0").getBytes(StandardCharsets.US_ASCII);
        var text = system.memory(bytes.length);
        MemorySegment.copy(bytes, 0, text, ValueLayout.JAVA_BYTE, 0, bytes.length);
        try {
            return system.ioctl(group, VfioIoctl.VFIO_GROUP_GET_DEVICE_FD, text);
        } finally {
            system.free(text);
        }
    }

    long mapDma(long container, MemorySegment memory, long iova) {
        var map = argument(VfioIommuType1DmaMap.SIZEOF);
        VfioIommuType1DmaMap.argsz(map, VfioIommuType1DmaMap.SIZEOF);
        VfioIommuType1DmaMap.flags(map, READ_WRITE);
        VfioIommuType1DmaMap.vaddr(map, memory.address());
        VfioIommuType1DmaMap.iova(map, iova);
        VfioIommuType1DmaMap.size(map, memory.byteSize());
        return system.ioctl(container, VfioIoctl.VFIO_IOMMU_MAP_DMA, map);
    }

    /** UNMAP_DMA; the bytes removed, as type1 writes them back. */
    long unmapDma(long container, long iova, long size) {
        var unmap = argument(VfioIommuType1DmaUnmap.SIZEOF);
        VfioIommuType1DmaUnmap.argsz(unmap, VfioIommuType1DmaUnmap.SIZEOF);
        VfioIommuType1DmaUnmap.iova(unmap, iova);
        VfioIommuType1DmaUnmap.size(unmap, size);
        long result = system.ioctl(container, VfioIoctl.VFIO_IOMMU_UNMAP_DMA, unmap);
        return result < 0 ? result : VfioIommuType1DmaUnmap.size(unmap);
    }

    /** BIND_IOMMUFD; the id of the device object. */
    long bind(long device, long iommufd) {
        var bind = argument(VfioDeviceBindIommufd.SIZEOF);
        VfioDeviceBindIommufd.argsz(bind, VfioDeviceBindIommufd.SIZEOF);
        VfioDeviceBindIommufd.iommufd(bind, (int) iommufd);
        long result = system.ioctl(device, VfioIoctl.VFIO_DEVICE_BIND_IOMMUFD, bind);
        return result < 0 ? result : VfioDeviceBindIommufd.outDevid(bind);
    }

    /** ATTACH_IOMMUFD_PT; the id of the page table used. */
    long attach(long device, long pageTable) {
        var attach = argument(VfioDeviceAttachIommufdPt.SIZEOF);
        VfioDeviceAttachIommufdPt.argsz(attach, VfioDeviceAttachIommufdPt.SIZEOF);
        VfioDeviceAttachIommufdPt.ptId(attach, (int) pageTable);
        long result = system.ioctl(device, VfioIoctl.VFIO_DEVICE_ATTACH_IOMMUFD_PT, attach);
        return result < 0 ? result : VfioDeviceAttachIommufdPt.ptId(attach);
    }

    long detach(long device) {
        var detach = argument(12);
        detach.set(ValueLayout.JAVA_INT, 0, 12);
        return system.ioctl(device, VfioIoctl.VFIO_DEVICE_DETACH_IOMMUFD_PT, detach);
    }

    /** IOAS_ALLOC; the new id. */
    long newIoas(long iommufd) {
        var alloc = argument(IommuIoasAlloc.SIZEOF);
        IommuIoasAlloc.size(alloc, IommuIoasAlloc.SIZEOF);
        long result = system.ioctl(iommufd, IommufdIoctl.IOMMU_IOAS_ALLOC, alloc);
        return result < 0 ? result : IommuIoasAlloc.outIoasId(alloc);
    }

    long mapIoas(long iommufd, long ioas, MemorySegment memory, long iova) {
        var map = argument(IommuIoasMap.SIZEOF);
        IommuIoasMap.size(map, IommuIoasMap.SIZEOF);
        IommuIoasMap.flags(map, FIXED_READ_WRITE);
        IommuIoasMap.ioasId(map, (int) ioas);
        IommuIoasMap.userVa(map, memory.address());
        IommuIoasMap.length(map, memory.byteSize());
        IommuIoasMap.iova(map, iova);
        return system.ioctl(iommufd, IommufdIoctl.IOMMU_IOAS_MAP, map);
    }

    /** IOAS_MAP_FILE at a place chosen by the caller. */
    long mapFile(long iommufd, long ioas, int flags, long fd, long start, long length, long iova) {
        var map = argument(IommuIoasMapFile.SIZEOF);
        IommuIoasMapFile.size(map, IommuIoasMapFile.SIZEOF);
        IommuIoasMapFile.flags(map, flags);
        IommuIoasMapFile.ioasId(map, (int) ioas);
        IommuIoasMapFile.fd(map, (int) fd);
        IommuIoasMapFile.start(map, start);
        IommuIoasMapFile.length(map, length);
        IommuIoasMapFile.iova(map, iova);
        return system.ioctl(iommufd, IommufdIoctl.IOMMU_IOAS_MAP_FILE, map);
    }

    long unmapIoas(long iommufd, long ioas, long iova, long length) {
        var unmap = argument(IommuIoasUnmap.SIZEOF);
        IommuIoasUnmap.size(unmap, IommuIoasUnmap.SIZEOF);
        IommuIoasUnmap.ioasId(unmap, (int) ioas);
        IommuIoasUnmap.iova(unmap, iova);
        IommuIoasUnmap.length(unmap, length);
        return system.ioctl(iommufd, IommufdIoctl.IOMMU_IOAS_UNMAP, unmap);
    }

    long destroy(long iommufd, long id) {
        var destroy = argument(IommuDestroy.SIZEOF);
        IommuDestroy.size(destroy, IommuDestroy.SIZEOF);
        IommuDestroy.id(destroy, (int) id);
        return system.ioctl(iommufd, IommufdIoctl.IOMMU_DESTROY, destroy);
    }
}
