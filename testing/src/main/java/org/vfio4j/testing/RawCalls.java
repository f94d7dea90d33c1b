// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.testing;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.vfio4j.UapiProcess;
import org.vfio4j.uapi.IommufdIoctl;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.VfioType1;
import org.vfio4j.uapi.struct.IommuIoasAlloc;
import org.vfio4j.uapi.struct.IommuIoasMap;
import org.vfio4j.uapi.struct.VfioDeviceAttachIommufdPt;
import org.vfio4j.uapi.struct.VfioDeviceBindIommufd;
import org.vfio4j.uapi.struct.VfioIommuType1DmaMap;

/** The raw calls that contract tests make as an ordinary user; refusals are VfioException. */
final class RawCalls {
    private static final int IOAS_MAP_FIXED_READ_WRITE = 0b111;

    private final UapiProcess process;
    private final MemorySegment scratch;

    RawCalls(UapiProcess process) {
        this.process = process;
        this.scratch = process.allocate(4096);
    }

    /** Opens a node for reading and writing. */
    int open(String path) {
        return process.open(path, UapiProcess.O_RDWR);
    }

    /** A group in a container of a type; returns the container's descriptor. */
    int container(int group, int type) {
        int container = open("/dev/vfio/vfio");
        int file = open("/dev/vfio/" + group);
        scratch.set(ValueLayout.JAVA_INT, 0, container);
        process.ioctl(file, VfioIoctl.VFIO_GROUP_SET_CONTAINER, scratch.address());
        process.ioctl(container, VfioIoctl.VFIO_SET_IOMMU, type);
        return container;
    }

    /** MAP_DMA for reading and writing. */
    void mapDma(int container, long vaddr, long iova, long size) {
        var map = scratch.asSlice(0, VfioIommuType1DmaMap.SIZEOF);
        VfioIommuType1DmaMap.argsz(map, VfioIommuType1DmaMap.SIZEOF);
        VfioIommuType1DmaMap.flags(map, VfioType1.VFIO_DMA_MAP_FLAG_READ | VfioType1.VFIO_DMA_MAP_FLAG_WRITE);
        VfioIommuType1DmaMap.vaddr(map, vaddr);
        VfioIommuType1DmaMap.iova(map, iova);
        VfioIommuType1DmaMap.size(map, size);
        process.ioctl(container, VfioIoctl.VFIO_IOMMU_MAP_DMA, map.address());
    }

    /** BIND_IOMMUFD of a device's own file. */
    void bind(int device, int iommufd) {
        var bind = scratch.asSlice(0, VfioDeviceBindIommufd.SIZEOF).fill((byte) 0);
        VfioDeviceBindIommufd.argsz(bind, VfioDeviceBindIommufd.SIZEOF);
        VfioDeviceBindIommufd.iommufd(bind, iommufd);
        process.ioctl(device, VfioIoctl.VFIO_DEVICE_BIND_IOMMUFD, bind.address());
    }

    /** IOAS_ALLOC. */
    int newIoas(int iommufd) {
        var alloc = scratch.asSlice(0, IommuIoasAlloc.SIZEOF).fill((byte) 0);
        IommuIoasAlloc.size(alloc, IommuIoasAlloc.SIZEOF);
        process.ioctl(iommufd, IommufdIoctl.IOMMU_IOAS_ALLOC, alloc.address());
        return IommuIoasAlloc.outIoasId(alloc);
    }

    /** ATTACH_IOMMUFD_PT. */
    void attach(int device, int ioas) {
        var attach = scratch.asSlice(0, VfioDeviceAttachIommufdPt.SIZEOF).fill((byte) 0);
        VfioDeviceAttachIommufdPt.argsz(attach, VfioDeviceAttachIommufdPt.SIZEOF);
        VfioDeviceAttachIommufdPt.ptId(attach, ioas);
        process.ioctl(device, VfioIoctl.VFIO_DEVICE_ATTACH_IOMMUFD_PT, attach.address());
    }

    /** IOAS_MAP at a chosen address, for reading and writing. */
    void mapIoas(int iommufd, int ioas, long vaddr, long iova, long length) {
        var map = scratch.asSlice(0, IommuIoasMap.SIZEOF).fill((byte) 0);
        IommuIoasMap.size(map, IommuIoasMap.SIZEOF);
        IommuIoasMap.flags(map, IOAS_MAP_FIXED_READ_WRITE);
        IommuIoasMap.ioasId(map, ioas);
        IommuIoasMap.userVa(map, vaddr);
        IommuIoasMap.length(map, length);
        IommuIoasMap.iova(map, iova);
        process.ioctl(iommufd, IommufdIoctl.IOMMU_IOAS_MAP, map.address());
    }
}
