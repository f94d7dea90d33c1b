// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.conformance.Program.refused;
import static org.vfio4j.conformance.Program.require;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vfio4j.VfioOptions;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioGfxPlane;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.VfioIrq;
import org.vfio4j.uapi.struct.VfioDeviceGfxPlaneInfo;
import org.vfio4j.uapi.struct.VfioDeviceInfo;
import org.vfio4j.uapi.struct.VfioIrqInfo;
import org.vfio4j.uapi.struct.VfioIrqSet;
import org.vfio4j.uapi.struct.VfioRegionInfo;

/** Mediated displays: a picture that programs map, read and write. Spec: mdev §10. */
class DisplayConformanceTest extends UapiTestCase {
    private static final String SMALL = "83b8f4f2-509f-382f-3c1e-e6bfe0fa3001";
    private static final String TYPES = "/sys/class/mdev_bus/mdpy/mdev_supported_types/";
    private static final int PICTURE = 4096;
    private static final int MEMORY = 2 << 20;
    private static final int WIDTH = 640;
    private static final int HEIGHT = 480;
    private static final int STRIDE = WIDTH * 4;

    @TempDir
    Path folder;

    @Override
    VfioOptions options() {
        var description = folder.resolve("display.json");
        try {
            Files.writeString(description, """
                    {"name": "display",
                     "mdev": {
                       "parents": [{"name": "mdpy", "model": "mdpy"}],
                       "devices": [{"parent": "mdpy", "type": "vga", "uuid": "%s"}]}}
                    """.formatted(SMALL));
        } catch (IOException e) {
            throw new AssertionError("the machine could not be described", e);
        }
        return super.options().withMachine(description);
    }

    private long display() {
        long file = program.open(nodePath(SMALL));
        require("BIND", program.bind(file, program.open(Program.IOMMU)));
        return file;
    }

    private String read(String path) {
        long fd = require("open " + path, system.openReadOnly(path));
        var page = system.memory(4096);
        long count = require("read", system.read(fd, page));
        system.close(fd);
        return new String(page.asSlice(0, count).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.US_ASCII);
    }

    private MemorySegment region(long device, int index) {
        var info = program.argument(VfioRegionInfo.SIZEOF);
        VfioRegionInfo.argsz(info, VfioRegionInfo.SIZEOF);
        VfioRegionInfo.index(info, index);
        require("GET_REGION_INFO " + index, system.ioctl(device, VfioIoctl.VFIO_DEVICE_GET_REGION_INFO, info));
        return info;
    }

    private static byte shade(int row) {
        return (byte) (row * 255 / HEIGHT);
    }

    @Test
    @Spec("M-078")
    void shouldShowItsMemoryTwice() {
        long device = display();
        for (int index : new int[] {0, 16}) {
            var info = region(device, index);
            assertThat(VfioRegionInfo.offset(info))
                    .as("offset of region %d", index)
                    .isEqualTo(PICTURE);
            assertThat(VfioRegionInfo.size(info)).isEqualTo(MEMORY);
            assertThat(VfioRegionInfo.flags(info))
                    .as("readable, writable, mappable")
                    .isEqualTo(7);
        }
        assertThat(VfioRegionInfo.size(region(device, 7)))
                .as("configuration space")
                .isEqualTo(255);
        assertThat(VfioRegionInfo.flags(region(device, 1))).isZero();
        for (int index : new int[] {9, 10, 17}) {
            var info = program.argument(VfioRegionInfo.SIZEOF);
            VfioRegionInfo.argsz(info, VfioRegionInfo.SIZEOF);
            VfioRegionInfo.index(info, index);
            refused("region " + index, system.ioctl(device, VfioIoctl.VFIO_DEVICE_GET_REGION_INFO, info), Errno.EINVAL);
        }
    }

    @Test
    @Spec("M-079")
    void shouldBeMappedFromItsBeginningOnly() {
        long device = display();
        long address = require("mmap", system.mmap(device, PICTURE, MEMORY));
        assertThat(system.peek(address + 100L * STRIDE, 4)).as("row 100").containsOnly(shade(100));
        var pixels = system.memory(4096);
        pixels.set(ValueLayout.JAVA_INT, 0, 0x00c0ffee);
        assertThat(system.pwrite(device, pixels.asSlice(0, 4), PICTURE + 8)).isEqualTo(4);
        assertThat(system.peek(address + 8, 4)).as("what was written").containsExactly(0xee, 0xff, 0xc0, 0);
        require("munmap", system.munmap(address));
        refused("mmap at 0", system.mmap(device, 0, 4096), Errno.EINVAL);
        refused("mmap further on", system.mmap(device, PICTURE + 4096, 4096), Errno.EINVAL);
        refused("mmap of too much", system.mmap(device, PICTURE, MEMORY + 4096), Errno.EINVAL);
        assertThat(system.pread(device, pixels.asSlice(8, 4), PICTURE + 8)).isEqualTo(4);
        assertThat(pixels.get(ValueLayout.JAVA_INT, 8)).as("kept after munmap").isEqualTo(0x00c0ffee);
    }

    @Test
    @Spec("M-080")
    void shouldBeGreyAgainAfterAReset() {
        long device = display();
        var row = system.memory(4096).asSlice(0, STRIDE);
        for (int y : new int[] {0, 1, 239, 479}) {
            row.fill((byte) 0x77);
            assertThat(system.pwrite(device, row, PICTURE + (long) y * STRIDE)).isEqualTo(STRIDE);
        }
        assertThat(system.pread(device, row, PICTURE + 239L * STRIDE)).isEqualTo(STRIDE);
        assertThat(row.toArray(ValueLayout.JAVA_BYTE)).containsOnly((byte) 0x77);
        require("RESET", system.ioctl(device, VfioIoctl.VFIO_DEVICE_RESET, 0));
        for (int y : new int[] {0, 1, 239, 479}) {
            assertThat(system.pread(device, row, PICTURE + (long) y * STRIDE)).isEqualTo(STRIDE);
            assertThat(row.toArray(ValueLayout.JAVA_BYTE)).as("row %d", y).containsOnly(shade(y));
        }
        refused("read behind the memory", system.pread(device, row, PICTURE + MEMORY), Errno.EFAULT);
    }

    private long query(long device, int argsz, int flags) {
        var plane = program.argument(VfioDeviceGfxPlaneInfo.SIZEOF);
        VfioDeviceGfxPlaneInfo.argsz(plane, argsz);
        VfioDeviceGfxPlaneInfo.flags(plane, flags);
        return system.ioctl(device, VfioIoctl.VFIO_DEVICE_QUERY_GFX_PLANE, plane);
    }

    @Test
    @Spec("M-081")
    void shouldTellWhereItsPictureIs() {
        int probe = VfioGfxPlane.VFIO_GFX_PLANE_TYPE_PROBE;
        int inRegion = VfioGfxPlane.VFIO_GFX_PLANE_TYPE_REGION;
        int asBuffer = VfioGfxPlane.VFIO_GFX_PLANE_TYPE_DMABUF;
        long device = display();
        refused("too short", query(device, 59, inRegion), Errno.EINVAL);
        refused("PROBE alone", query(device, 64, probe), Errno.EINVAL);
        refused("PROBE of a buffer", query(device, 64, probe | asBuffer), Errno.EINVAL);
        refused("a buffer", query(device, 64, asBuffer), Errno.EINVAL);
        require("PROBE of a region", query(device, 64, probe | inRegion));
        var plane = program.argument(VfioDeviceGfxPlaneInfo.SIZEOF);
        VfioDeviceGfxPlaneInfo.argsz(plane, 60);
        VfioDeviceGfxPlaneInfo.flags(plane, inRegion);
        require("a region", system.ioctl(device, VfioIoctl.VFIO_DEVICE_QUERY_GFX_PLANE, plane));
        assertThat(VfioDeviceGfxPlaneInfo.drmFormat(plane)).as("XRGB8888").isEqualTo(0x34325258);
        assertThat(VfioDeviceGfxPlaneInfo.width(plane)).isEqualTo(WIDTH);
        assertThat(VfioDeviceGfxPlaneInfo.height(plane)).isEqualTo(HEIGHT);
        assertThat(VfioDeviceGfxPlaneInfo.stride(plane)).isEqualTo(STRIDE);
        assertThat(VfioDeviceGfxPlaneInfo.size(plane)).isEqualTo(MEMORY);
        assertThat(VfioDeviceGfxPlaneInfo.regionIndex(plane)).isEqualTo(16);
        refused(
                "GET_GFX_DMABUF",
                system.ioctl(device, VfioIoctl.VFIO_DEVICE_GET_GFX_DMABUF, program.number(1)),
                Errno.ENOTTY);
    }

    @Test
    @Spec("M-082")
    void shouldHaveNoInterrupts() {
        long device = display();
        var irq = program.argument(VfioIrqInfo.SIZEOF);
        VfioIrqInfo.argsz(irq, VfioIrqInfo.SIZEOF);
        refused("before GET_INFO", system.ioctl(device, VfioIoctl.VFIO_DEVICE_GET_IRQ_INFO, irq), Errno.EINVAL);
        var info = program.argument(VfioDeviceInfo.SIZEOF);
        VfioDeviceInfo.argsz(info, VfioDeviceInfo.SIZEOF);
        require("GET_INFO", system.ioctl(device, VfioIoctl.VFIO_DEVICE_GET_INFO, info));
        irq = program.argument(VfioIrqInfo.SIZEOF);
        VfioIrqInfo.argsz(irq, VfioIrqInfo.SIZEOF);
        require("GET_IRQ_INFO", system.ioctl(device, VfioIoctl.VFIO_DEVICE_GET_IRQ_INFO, irq));
        assertThat(VfioIrqInfo.count(irq)).isZero();
        for (int index = 0; index < 6; index++) {
            for (int count = 0; count < 2; count++) {
                var set = program.argument(VfioIrqSet.SIZEOF);
                VfioIrqSet.argsz(set, VfioIrqSet.SIZEOF);
                VfioIrqSet.flags(set, VfioIrq.VFIO_IRQ_SET_DATA_NONE | VfioIrq.VFIO_IRQ_SET_ACTION_TRIGGER);
                VfioIrqSet.index(set, index);
                VfioIrqSet.count(set, count);
                refused(
                        "SET_IRQS " + index + " +" + count,
                        system.ioctl(device, VfioIoctl.VFIO_DEVICE_SET_IRQS, set),
                        Errno.EINVAL);
            }
        }
    }

    @Test
    @Spec({"M-012", "M-083"})
    void shouldBeMadeFourTimes() {
        assertThat(read(TYPES + "mdpy-hd/available_instances")).isEqualTo("3\n");
        for (int i = 0; i < 3; i++) {
            require(
                    "create",
                    system.writeFile(TYPES + "mdpy-" + new String[] {"vga", "xga", "hd"}[i] + "/create", uuid(i)));
        }
        assertThat(read(TYPES + "mdpy-vga/available_instances")).isEqualTo("0\n");
        refused("a fifth", system.writeFile(TYPES + "mdpy-vga/create", uuid(3)), Errno.EUSERS);
        require("remove", system.writeFile("/sys/bus/mdev/devices/" + uuid(0) + "/remove", "1"));
        assertThat(read(TYPES + "mdpy-vga/available_instances")).isEqualTo("1\n");
        require("create", system.writeFile(TYPES + "mdpy-hd/create", uuid(3)));
    }

    private static String uuid(int number) {
        return "83b8f4f2-509f-382f-3c1e-e6bfe0fa4%03d".formatted(number);
    }

    @Test
    void shouldDescribeItselfInSysfs() {
        assertThat(read(TYPES + "mdpy-vga/description")).isEqualTo("virtual display, 640x480 framebuffer\n");
        assertThat(read(TYPES + "mdpy-vga/name")).isEqualTo("mdpy-vga\n");
        assertThat(read("/sys/bus/mdev/devices/" + SMALL + "/vendor/resolution"))
                .isEqualTo("640x480\n");
    }

    @Test
    void shouldHaveOneRegisterThatCanBeWritten() {
        long device = display();
        var word = system.memory(4096).asSlice(0, 4);
        long[][] registers = {
            {0x00, 0x000f1b36}, {0x04, 0x00100003}, {0x08, 0x03800001}, {0x10, 0x8}, {0x2c, 0x11001af4},
            {0x34, 0x40}, {0x40, 0x00100009}, {0x44, 0x34325258}, {0x48, WIDTH}, {0x4c, HEIGHT}
        };
        for (long[] register : registers) {
            assertThat(system.pread(device, word, register[0])).isEqualTo(4);
            assertThat(word.get(ValueLayout.JAVA_INT, 0))
                    .as("register 0x%x", register[0])
                    .isEqualTo((int) register[1]);
            word.set(ValueLayout.JAVA_INT, 0, -1);
            assertThat(system.pwrite(device, word, register[0])).isEqualTo(4);
            assertThat(system.pread(device, word, register[0])).isEqualTo(4);
            assertThat(word.get(ValueLayout.JAVA_INT, 0))
                    .as("register 0x%x written with ones", register[0])
                    .isEqualTo(register[0] == 0x10 ? -MEMORY | 8 : (int) register[1]);
        }
        refused("read across the end", system.pread(device, word, 252), Errno.EFAULT);
    }
}
