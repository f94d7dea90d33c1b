// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.pci;

/** Lines of a function's {@code resource} attribute: first and last address and the kernel's flags. */
final class ResourceLine {
    /** {@code IORESOURCE_IO}. */
    static final long IO = 0x100;
    /** {@code IORESOURCE_MEM}. */
    static final long MEMORY = 0x200;
    /** {@code IORESOURCE_PREFETCH}. */
    static final long PREFETCH = 0x2000;
    /** {@code IORESOURCE_READONLY}. */
    static final long READ_ONLY = 0x4000;
    /** {@code IORESOURCE_SIZEALIGN}. */
    static final long SIZE_ALIGNED = 0x40000;
    /** {@code IORESOURCE_MEM_64}. */
    static final long WIDE = 0x100000;

    /** A resource that is not there. */
    static final String NONE = of(0, 0, 0);

    private ResourceLine() {}

    static String of(long first, long last, long flags) {
        return String.format("0x%016x 0x%016x 0x%016x\n", first, last, flags);
    }

    /** The four windows of a bridge: ports, memory, prefetchable memory, and one that only CardBus bridges have. */
    static String windows(EmbeddedFunction bridge) {
        long ioBase = (bridge.readConfig(0x1c, 1) & 0xf0L) << 8;
        long ioLast = (bridge.readConfig(0x1d, 1) & 0xf0L) << 8 | 0xfff;
        long memoryBase = (bridge.readConfig(0x20, 2) & 0xfff0L) << 16;
        long memoryLast = (bridge.readConfig(0x22, 2) & 0xfff0L) << 16 | 0xfffff;
        long wideBase =
                (bridge.readConfig(0x24, 2) & 0xfff0L) << 16 | (bridge.readConfig(0x28, 4) & 0xffff_ffffL) << 32;
        long wideLast = (bridge.readConfig(0x26, 2) & 0xfff0L) << 16
                | (bridge.readConfig(0x2c, 4) & 0xffff_ffffL) << 32
                | 0xfffff;
        return window(ioBase, ioLast, IO)
                + window(memoryBase, memoryLast, MEMORY)
                + window(wideBase, wideLast, MEMORY | PREFETCH | ((bridge.readConfig(0x24, 1) & 1) != 0 ? WIDE | 1 : 0))
                + NONE;
    }

    /** A window whose base is above its end is closed. */
    private static String window(long first, long last, long flags) {
        return first > last ? NONE : of(first, last, flags);
    }
}
