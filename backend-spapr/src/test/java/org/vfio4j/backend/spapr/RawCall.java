// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.vfio4j.spi.iommu.IommuBackend;

/** Raw calls with an argument in the caller's memory. */
final class RawCall {
    static final int GET_INFO = 0x3b70;
    static final int MAP = 0x3b71;
    static final int UNMAP = 0x3b72;
    static final int ENABLE = 0x3b73;
    static final int DISABLE = 0x3b74;
    static final int REGISTER = 0x3b75;
    static final int UNREGISTER = 0x3b76;
    static final int CREATE = 0x3b77;
    static final int REMOVE = 0x3b78;
    static final int EEH = 0x3b79;

    /** An address where nobody has memory. */
    static final long BAD_POINTER = 0x10;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

    final MemorySegment argument;
    private final IommuBackend container;
    private final TestCaller caller;

    RawCall(IommuBackend container, TestCaller caller) {
        this.container = container;
        this.caller = caller;
        this.argument = caller.memory(Rig.PAGE_64K);
    }

    long call(int command) {
        return container.ioctl(caller, command, argument.address());
    }

    long callWithBadPointer(int command) {
        return container.ioctl(caller, command, BAD_POINTER);
    }

    RawCall ints(long offset, int... values) {
        for (int i = 0; i < values.length; i++) {
            argument.set(INT, offset + 4L * i, values[i]);
        }
        return this;
    }

    RawCall longs(long offset, long... values) {
        for (int i = 0; i < values.length; i++) {
            argument.set(LONG, offset + 8L * i, values[i]);
        }
        return this;
    }

    int intAt(long offset) {
        return argument.get(INT, offset);
    }

    long longAt(long offset) {
        return argument.get(LONG, offset);
    }

    long map(int argsz, int flags, long vaddr, long iova, long size) {
        return ints(0, argsz, flags).longs(8, vaddr, iova, size).call(MAP);
    }

    long unmap(int argsz, int flags, long iova, long size) {
        return ints(0, argsz, flags).longs(8, iova, size).call(UNMAP);
    }

    long register(int argsz, int flags, long vaddr, long size) {
        return ints(0, argsz, flags).longs(8, vaddr, size).call(REGISTER);
    }

    long unregister(int argsz, int flags, long vaddr, long size) {
        return ints(0, argsz, flags).longs(8, vaddr, size).call(UNREGISTER);
    }

    long create(int argsz, int flags, int pageShift, long size, int levels) {
        return ints(0, argsz, flags, pageShift, 0)
                .longs(16, size)
                .ints(24, levels, 0)
                .longs(32, -1)
                .call(CREATE);
    }

    long remove(int argsz, int flags, long start) {
        return ints(0, argsz, flags).longs(8, start).call(REMOVE);
    }
}
