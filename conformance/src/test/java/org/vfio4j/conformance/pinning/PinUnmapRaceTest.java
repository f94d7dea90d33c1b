// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance.pinning;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
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

/** Two threads pin and unpin single pages while a third maps and unmaps what they are in. */
@Timeout(120)
@SuppressWarnings("NullAway.Init") // Set before each test.
class PinUnmapRaceTest {
    private static final String DEVICE = "0000:00:06.0";
    private static final long SEED = System.nanoTime();
    private static final int PAGE = 4096;
    private static final int PAGES = 16;
    private static final int ROUNDS = 3000;
    private static final long IOVA = 0x10_0000;

    private Vfio machine;
    private UapiProcess process;
    private MemorySegment argument;
    private MemorySegment memory;

    @BeforeEach
    void start() {
        machine = Vfio.open(VfioOptions.defaults().withHost("embedded"));
        machine.unbind(DEVICE);
        machine.bind(DEVICE, PinningDriver.NAME);
        process = machine.newProcess(ProcessOptions.root());
        argument = process.allocate(PAGE);
        memory = process.allocate(PAGES * PAGE);
    }

    @AfterEach
    void end() {
        process.close();
        long pinned = machine.pinnedPages();
        machine.close();
        assertThat(pinned).as("pages pinned after the program ended").isZero();
    }

    /** What maps and unmaps all pages. */
    private interface Space {
        void map();

        void unmap();
    }

    @Test
    @Spec("C-157")
    void shouldHaveNothingPinnedOnceAType1UnmapReturned() throws Exception {
        int group = open("/dev/vfio/" + machine.device(DEVICE).group().getAsInt());
        int container = open("/dev/vfio/vfio");
        argument.set(UapiLayouts.S32, 0, container);
        ioctl(group, VfioIoctl.VFIO_GROUP_SET_CONTAINER);
        process.ioctl(container, VfioIoctl.VFIO_SET_IOMMU, VfioExtension.VFIO_TYPE1v2_IOMMU);
        argument.setString(0, DEVICE);
        int device = (int) ioctl(group, VfioIoctl.VFIO_GROUP_GET_DEVICE_FD);
        race(device, new Space() {
            @Override
            public void map() {
                VfioIommuType1DmaMap.argsz(argument, VfioIommuType1DmaMap.SIZEOF);
                VfioIommuType1DmaMap.flags(argument, 3);
                VfioIommuType1DmaMap.vaddr(argument, memory.address());
                VfioIommuType1DmaMap.iova(argument, IOVA);
                VfioIommuType1DmaMap.size(argument, memory.byteSize());
                ioctl(container, VfioIoctl.VFIO_IOMMU_MAP_DMA);
            }

            @Override
            public void unmap() {
                VfioIommuType1DmaUnmap.argsz(argument, VfioIommuType1DmaUnmap.SIZEOF);
                VfioIommuType1DmaUnmap.flags(argument, 0);
                VfioIommuType1DmaUnmap.iova(argument, IOVA);
                VfioIommuType1DmaUnmap.size(argument, memory.byteSize());
                ioctl(container, VfioIoctl.VFIO_IOMMU_UNMAP_DMA);
            }
        });
    }

    @Test
    @Spec("C-157")
    void shouldHaveNothingPinnedOnceAnIoasUnmapReturned() throws Exception {
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
        race(device, new Space() {
            @Override
            public void map() {
                argument.fill((byte) 0);
                IommuIoasMap.size(argument, IommuIoasMap.SIZEOF);
                IommuIoasMap.flags(argument, 7);
                IommuIoasMap.ioasId(argument, ioas);
                IommuIoasMap.userVa(argument, memory.address());
                IommuIoasMap.length(argument, memory.byteSize());
                IommuIoasMap.iova(argument, IOVA);
                ioctl(iommufd, IommufdIoctl.IOMMU_IOAS_MAP);
            }

            @Override
            public void unmap() {
                argument.fill((byte) 0);
                IommuIoasUnmap.size(argument, IommuIoasUnmap.SIZEOF);
                IommuIoasUnmap.ioasId(argument, ioas);
                IommuIoasUnmap.iova(argument, IOVA);
                IommuIoasUnmap.length(argument, memory.byteSize());
                ioctl(iommufd, IommufdIoctl.IOMMU_IOAS_UNMAP);
            }
        });
    }

    private void race(int device, Space space) throws Exception {
        var goOn = new AtomicBoolean(true);
        var pins = new AtomicLong();
        try (var threads = Executors.newFixedThreadPool(2)) {
            var one = threads.submit(() -> pinAndUnpin(device, new SplittableRandom(SEED), goOn, pins));
            var other = threads.submit(() -> pinAndUnpin(device, new SplittableRandom(SEED + 1), goOn, pins));
            try {
                for (int round = 0; round < ROUNDS || (pins.get() < ROUNDS && !one.isDone()); round++) {
                    space.map();
                    long before = pins.get();
                    for (int i = 0; i < 100 && pins.get() == before; i++) {
                        Thread.onSpinWait();
                    }
                    space.unmap();
                    assertThat(process.ioctl(device, PinningOps.COUNT, 0))
                            .as("pages the device has pinned after the unmap of round %d, seed %d", round, SEED)
                            .isZero();
                    assertThat(machine.pinnedPages())
                            .as("pages pinned in the machine after the unmap of round %d, seed %d", round, SEED)
                            .isZero();
                }
            } finally {
                goOn.set(false);
            }
            one.get();
            other.get();
        }
        assertThat(pins).as("pins that were made").hasValueGreaterThanOrEqualTo(ROUNDS);
    }

    private void pinAndUnpin(int device, SplittableRandom random, AtomicBoolean goOn, AtomicLong pins) {
        while (goOn.get()) {
            long iova = IOVA + (long) random.nextInt(PAGES) * PAGE;
            try {
                pins.addAndGet(process.ioctl(device, PinningOps.PIN, iova));
                if (random.nextInt(3) == 0) {
                    process.ioctl(device, PinningOps.UNPIN, iova);
                }
            } catch (VfioException e) {
                // Not mapped at the moment.
                assertThat(e.errno()).as(e.getMessage()).isIn(Errno.EINVAL, Errno.ENOENT);
            }
        }
    }

    private int open(String path) {
        return process.open(path, UapiProcess.O_RDWR);
    }

    private long ioctl(int fd, int command) {
        return process.ioctl(fd, command, argument.address());
    }
}
