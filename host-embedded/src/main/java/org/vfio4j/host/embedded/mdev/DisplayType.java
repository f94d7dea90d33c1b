// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.mdev;

import java.util.Optional;
import org.vfio4j.spi.mdev.MdevType;
import org.vfio4j.uapi.VfioDeviceInfoFlags;

/** The types a parent of displays offers, by their pictures. */
enum DisplayType {
    /** 640 by 480. */
    VGA("vga", 640, 480),
    /** 1024 by 768. */
    XGA("xga", 1024, 768),
    /** 1920 by 1080. */
    HD("hd", 1920, 1080);

    /** Bytes of a pixel: XRGB8888. */
    static final int PIXEL = 4;

    private final String sysfsName;
    private final int width;
    private final int height;

    DisplayType(String sysfsName, int width, int height) {
        this.sysfsName = sysfsName;
        this.width = width;
        this.height = height;
    }

    /** What the parent shows. */
    MdevType type() {
        return new MdevType(
                sysfsName,
                DisplayParent.CLASS_NAME + "-" + sysfsName,
                VfioDeviceInfoFlags.VFIO_DEVICE_API_PCI_STRING,
                Optional.of("virtual display, " + resolution() + " framebuffer"));
    }

    /** Width and height in pixels. */
    String resolution() {
        return width + "x" + height;
    }

    int width() {
        return width;
    }

    int height() {
        return height;
    }

    /** Bytes of a row. */
    int stride() {
        return width * PIXEL;
    }

    /** Bytes of its memory: the next power of two. */
    int memory() {
        return Integer.highestOneBit(stride() * height - 1) << 1;
    }
}
