// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.struct.UapiLayouts;

/**
 * Configuration space as the user sees it for one period of being open (kernel: {@code vconfig}, {@code pci_config_map}
 * and the permission tables). Every bit is either the hardware's or the shadow's, and either takes writes or drops them;
 * {@link ConfigHandler}s add what registers do. Thread-safe once built. Spec: pci §9.1.
 */
final class VirtualConfig {
    private static final Logger LOG = LoggerFactory.getLogger(VirtualConfig.class);

    private final PciFunction function;

    /** Guards the shadow; after the dev_set lock, before the memory lock and the interrupt locks. */
    private final ReentrantLock configLock = new ReentrantLock();

    private final byte[] shadow;

    /** Bits read from the shadow instead of hardware. */
    private final byte[] virtual;

    /** Bits that take writes. */
    private final byte[] writable;

    private final ConfigPart[] parts;

    /** A configuration space in which everything is raw. */
    VirtualConfig(PciFunction function) {
        this.function = function;
        int size = function.configSize();
        this.shadow = new byte[size];
        this.virtual = new byte[size];
        this.writable = new byte[size];
        this.parts = new ConfigPart[size];
        Arrays.fill(writable, (byte) 0xff);
        Arrays.fill(parts, ConfigPart.RAW);
    }

    PciFunction function() {
        return function;
    }

    int size() {
        return shadow.length;
    }

    // Building.

    /**
     * Gives a stretch its meaning: read-only hardware to begin with, its shadow a copy of what hardware shows. Of two parts
     * that overlap the later one wins.
     */
    void claim(ConfigPart part) {
        int end = Math.min(part.start() + part.length(), size());
        for (int at = part.start(); at < end; at++) {
            if (parts[at] != ConfigPart.RAW) {
                LOG.warn(
                        "{}: {} overlaps {} at 0x{}",
                        function.name(),
                        part.what(),
                        parts[at].what(),
                        Integer.toHexString(at));
            }
            parts[at] = part;
            shadow[at] = (byte) function.readConfig(at, 1);
            virtual[at] = 0;
            writable[at] = 0;
        }
    }

    /** Sets what the bits of a field are; a field beyond configuration space is left out. */
    void permit(int offset, int size, int virtualBits, int writableBits) {
        if (offset + size <= size()) {
            ConfigBytes.put(virtual, offset, size, virtualBits);
            ConfigBytes.put(writable, offset, size, writableBits);
        }
    }

    /** The shadow's value of a field. */
    int shadow(int offset, int size) {
        return ConfigBytes.get(shadow, offset, size);
    }

    /** Sets the shadow's value of a field. */
    void shadow(int offset, int size, int value) {
        ConfigBytes.put(shadow, offset, size, value);
    }

    /** What a user reads of a field, taking the lock. */
    int value(int offset, int size) {
        configLock.lock();
        try {
            return parts[offset].handler().read(this, offset, size);
        } finally {
            configLock.unlock();
        }
    }

    // Access.

    /** Reads for the user; all of it or EFAULT. */
    long read(long position, MemorySegment target) {
        int at = checkedStart(position, target.byteSize());
        int end = at + (int) target.byteSize();
        for (int start = at; at < end; ) {
            int size = chunk(at, end - at);
            int value;
            configLock.lock();
            try {
                value = parts[at].handler().read(this, at, size);
            } finally {
                configLock.unlock();
            }
            switch (size) {
                case 1 -> target.set(UapiLayouts.U8, at - start, (byte) value);
                case 2 -> target.set(UapiLayouts.U16, at - start, (short) value);
                default -> target.set(UapiLayouts.U32, at - start, value);
            }
            at += size;
        }
        return target.byteSize();
    }

    /** Writes for the user; what takes no writes is dropped and counted all the same. */
    long write(long position, MemorySegment source) {
        int at = checkedStart(position, source.byteSize());
        int end = at + (int) source.byteSize();
        for (int start = at; at < end; ) {
            int size = chunk(at, end - at);
            int value = switch (size) {
                case 1 -> source.get(UapiLayouts.U8, at - start) & 0xff;
                case 2 -> source.get(UapiLayouts.U16, at - start) & 0xffff;
                default -> source.get(UapiLayouts.U32, at - start);
            };
            var handler = parts[at].handler();
            configLock.lock();
            try {
                handler.write(this, at, size, value);
            } finally {
                configLock.unlock();
            }
            handler.written();
            at += size;
        }
        return source.byteSize();
    }

    private int checkedStart(long position, long count) {
        if (position < 0 || position > size() - count) {
            throw new VfioException(
                    Errno.EFAULT,
                    function.name() + ": no " + count + " bytes at 0x" + Long.toHexString(position)
                            + " of configuration space, which has " + size());
        }
        return (int) position;
    }

    /** Bytes of the next chunk: inside a dword and one part, aligned to its size. */
    private int chunk(int at, int left) {
        int most = Math.min(left, 4 - (at & 3));
        int together = 1;
        while (together < most && parts[at + together] == parts[at]) {
            together++;
        }
        if (together >= 4 && (at & 3) == 0) {
            return 4;
        }
        return together >= 2 && (at & 1) == 0 ? 2 : 1;
    }

    // What handlers build on; the lock is held.

    /** Bits of hardware and shadow as the masks say. */
    int readMasked(int offset, int size) {
        int fromShadow = ConfigBytes.get(virtual, offset, size);
        int value = ConfigBytes.get(shadow, offset, size) & fromShadow;
        if (fromShadow != ConfigBytes.ones(size)) {
            value |= function.readConfig(offset, size) & ~fromShadow;
        }
        return value;
    }

    /** Stores the bits that take writes, in the shadow or in hardware. */
    void writeMasked(int offset, int size, int value) {
        int taken = ConfigBytes.get(writable, offset, size);
        int inShadow = ConfigBytes.get(virtual, offset, size);
        int kept = taken & inShadow;
        ConfigBytes.put(shadow, offset, size, ConfigBytes.merge(shadow(offset, size), value, kept));
        int through = taken & ~inShadow;
        if (through == ConfigBytes.ones(size)) {
            function.writeConfig(offset, size, value);
        } else if (through != 0) {
            function.writeConfig(offset, size, ConfigBytes.merge(function.readConfig(offset, size), value, through));
        }
    }
}
