// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance.pinning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.lang.foreign.MemorySegment;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vfio4j.ProcessOptions;
import org.vfio4j.UapiProcess;
import org.vfio4j.Vfio;
import org.vfio4j.VfioOptions;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.IommufdIoctl;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioExtension;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.struct.IommuIoasAlloc;
import org.vfio4j.uapi.struct.IommuIoasMap;
import org.vfio4j.uapi.struct.IommuIoasUnmap;
import org.vfio4j.uapi.struct.UapiLayouts;
import org.vfio4j.uapi.struct.VfioDeviceAttachIommufdPt;
import org.vfio4j.uapi.struct.VfioDeviceBindIommufd;
import org.vfio4j.uapi.struct.VfioIommuType1DmaMap;
import org.vfio4j.uapi.struct.VfioIommuType1DmaUnmap;

/** A driver that pins a page twice, keeps its pins, or pins where nothing can be pinned. Spec: mdev §7. */
@Timeout(60)
class KeptPinsTest {
    private static final String DEVICE = "0000:00:06.0";
    private static final int PAGE = 4096;
    private static final long IOVA = 0x10_0000;

    private final Vfio machine = Vfio.open(VfioOptions.defaults().withHost("embedded"));
    private final UapiProcess process = machine.newProcess(ProcessOptions.root());
    private final MemorySegment argument = process.allocate(PAGE);
    private final MemorySegment memory = process.allocate(PAGE);

    @AfterEach
    void end() {
        process.close();
        long pinned = machine.pinnedPages();
        machine.close();
        assertThat(pinned).as("pages pinned after the program ended").isZero();
    }

    private static void assertRefused(Errno errno, ThrowingCallable call) {
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(call)
                .satisfies(e -> assertThat(e.errno()).as(e.getMessage()).isEqualTo(errno));
    }

    private int open(String path) {
        return process.open(path, UapiProcess.O_RDWR);
    }

    private long ioctl(int fd, int command) {
        return process.ioctl(fd, command, argument.address());
    }

    private int container;

    private int openByGroup(Vfio vfio, String name, int type) {
        vfio.unbind(name);
        vfio.bind(name, PinningDriver.NAME);
        int group = open("/dev/vfio/" + vfio.device(name).group().getAsInt());
        container = open("/dev/vfio/vfio");
        argument.set(UapiLayouts.S32, 0, container);
        ioctl(group, VfioIoctl.VFIO_GROUP_SET_CONTAINER);
        process.ioctl(container, VfioIoctl.VFIO_SET_IOMMU, type);
        argument.setString(0, name);
        return (int) ioctl(group, VfioIoctl.VFIO_GROUP_GET_DEVICE_FD);
    }

    @Test
    @Spec("M-045")
    void shouldHearOfMemoryThatIsStillPinnedOnce() {
        int device = openByGroup(machine, DEVICE, VfioExtension.VFIO_TYPE1v2_IOMMU);
        VfioIommuType1DmaMap.argsz(argument, VfioIommuType1DmaMap.SIZEOF);
        VfioIommuType1DmaMap.flags(argument, 3);
        VfioIommuType1DmaMap.vaddr(argument, memory.address());
        VfioIommuType1DmaMap.iova(argument, IOVA);
        VfioIommuType1DmaMap.size(argument, PAGE);
        ioctl(container, VfioIoctl.VFIO_IOMMU_MAP_DMA);
        assertThat(process.ioctl(device, PinningOps.PIN_MORE, IOVA)).isEqualTo(1);
        assertThat(process.ioctl(device, PinningOps.PIN_MORE, IOVA)).isEqualTo(2);
        assertThat(process.ioctl(device, PinningOps.UNPIN_ONE, IOVA)).isEqualTo(1);
        assertThat(machine.pinnedPages()).as("pages still pinned").isEqualTo(1);
        VfioIommuType1DmaUnmap.argsz(argument, VfioIommuType1DmaUnmap.SIZEOF);
        VfioIommuType1DmaUnmap.flags(argument, 0);
        VfioIommuType1DmaUnmap.iova(argument, IOVA);
        VfioIommuType1DmaUnmap.size(argument, PAGE);
        ioctl(container, VfioIoctl.VFIO_IOMMU_UNMAP_DMA);
        assertThat(process.ioctl(device, PinningOps.CALLS, 0))
                .as("calls of dma_unmap")
                .isEqualTo(1);
        assertThat(process.ioctl(device, PinningOps.COUNT, 0)).isZero();
    }

    @Test
    @Spec("M-044")
    void shouldNotUnmapFromAnIoasWhatADriverKeeps() {
        machine.unbind(DEVICE);
        machine.bind(DEVICE, PinningDriver.NAME);
        int iommufd = open("/dev/iommu");
        int device =
                open("/dev/vfio/devices/vfio" + machine.device(DEVICE).index().getAsInt());
        VfioDeviceBindIommufd.argsz(argument, VfioDeviceBindIommufd.SIZEOF);
        VfioDeviceBindIommufd.iommufd(argument, iommufd);
        ioctl(device, VfioIoctl.VFIO_DEVICE_BIND_IOMMUFD);
        argument.fill((byte) 0);
        IommuIoasAlloc.size(argument, IommuIoasAlloc.SIZEOF);
        ioctl(iommufd, IommufdIoctl.IOMMU_IOAS_ALLOC);
        int ioas = IommuIoasAlloc.outIoasId(argument);
        argument.fill((byte) 0);
        VfioDeviceAttachIommufdPt.argsz(argument, VfioDeviceAttachIommufdPt.MIN_ARGSZ);
        VfioDeviceAttachIommufdPt.ptId(argument, ioas);
        ioctl(device, VfioIoctl.VFIO_DEVICE_ATTACH_IOMMUFD_PT);
        argument.fill((byte) 0);
        IommuIoasMap.size(argument, IommuIoasMap.SIZEOF);
        IommuIoasMap.flags(argument, 7);
        IommuIoasMap.ioasId(argument, ioas);
        IommuIoasMap.userVa(argument, memory.address());
        IommuIoasMap.length(argument, PAGE);
        IommuIoasMap.iova(argument, IOVA);
        ioctl(iommufd, IommufdIoctl.IOMMU_IOAS_MAP);

        process.ioctl(device, PinningOps.PIN, IOVA);
        process.ioctl(device, PinningOps.KEEP, 1);
        assertRefused(Errno.EDEADLK, () -> unmap(iommufd, ioas));
        assertThat(process.ioctl(device, PinningOps.CALLS, 0))
                .as("calls of dma_unmap: 100 in vain and the one after which it gives up")
                .isEqualTo(101);
        process.ioctl(device, PinningOps.KEEP, 0);
        unmap(iommufd, ioas);
        assertThat(process.ioctl(device, PinningOps.COUNT, 0)).isZero();
    }

    private void unmap(int iommufd, int ioas) {
        argument.fill((byte) 0);
        IommuIoasUnmap.size(argument, IommuIoasUnmap.SIZEOF);
        IommuIoasUnmap.ioasId(argument, ioas);
        IommuIoasUnmap.iova(argument, IOVA);
        IommuIoasUnmap.length(argument, PAGE);
        ioctl(iommufd, IommufdIoctl.IOMMU_IOAS_UNMAP);
    }
}
