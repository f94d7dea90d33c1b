// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Arguments of raw calls, in the memory of a rig's caller. */
final class RawCall {
    static final int GET_INFO = 0x3b70;
    static final int MAP = 0x3b71;
    static final int UNMAP = 0x3b72;
    static final int DIRTY = 0x3b75;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

    private final Rig rig;
    final MemorySegment argument;

    RawCall(Rig rig) {
        this.rig = rig;
        this.argument = rig.caller.pages(2);
    }

    void call(int command) {
        long result = rig.container.ioctl(rig.caller, command, argument.address());
        if (result != 0) {
            throw new AssertionError("ioctl answered " + result);
        }
    }

    RawCall head(int argsz, int flags) {
        argument.set(INT, 0, argsz);
        argument.set(INT, 4, flags);
        return this;
    }

    RawCall longs(int offset, long... values) {
        for (int i = 0; i < values.length; i++) {
            argument.set(LONG, offset + 8L * i, values[i]);
        }
        return this;
    }

    int intAt(long offset) {
        return argument.get(INT, offset);
    }

    int shortAt(long offset) {
        return Short.toUnsignedInt(argument.get(ValueLayout.JAVA_SHORT_UNALIGNED, offset));
    }

    long longAt(long offset) {
        return argument.get(LONG, offset);
    }

    void map(int argsz, int flags, long vaddr, long iova, long size) {
        head(argsz, flags).longs(8, vaddr, iova, size).call(MAP);
    }

    void unmap(int argsz, int flags, long iova, long size) {
        head(argsz, flags).longs(8, iova, size).call(UNMAP);
    }

    void getInfo(int argsz) {
        head(argsz, -1).call(GET_INFO);
    }

    void start() {
        head(8, 1).call(DIRTY);
    }

    void stop() {
        head(8, 2).call(DIRTY);
    }

    void getBitmap(long iova, long size, long pageSize, long bitmapSize, long data) {
        head(48, 4).longs(8, iova, size, pageSize, bitmapSize, data).call(DIRTY);
    }
}
