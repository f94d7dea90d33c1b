// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.codec;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.vfio4j.spi.device.InfoCapability;
import org.vfio4j.uapi.struct.VfioInfoCapHeader;

/**
 * A chain of capabilities as it stands in memory behind an info struct (kernel: {@code struct vfio_info_cap}): sizes are
 * rounded up to 8 bytes, each header names the offset of the next, the last one 0. Spec: core HP-1.
 */
final class CapabilityChain {
    private static final int ALIGNMENT = 8;

    private byte[] bytes = new byte[0];
    private int last = -1;

    /** A chain of capabilities, in order. */
    static CapabilityChain of(List<InfoCapability> capabilities) {
        var chain = new CapabilityChain();
        for (var capability : capabilities) {
            chain.add(capability.id(), capability.version(), capability.body());
        }
        return chain;
    }

    /** Appends a capability. */
    void add(int id, int version, byte[] body) {
        int start = bytes.length;
        int size = VfioInfoCapHeader.SIZEOF + body.length;
        bytes = Arrays.copyOf(bytes, start + (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
        System.arraycopy(body, 0, bytes, start + VfioInfoCapHeader.SIZEOF, body.length);
        var header = at(start);
        VfioInfoCapHeader.id(header, id);
        VfioInfoCapHeader.version(header, version);
        if (last >= 0) {
            VfioInfoCapHeader.next(at(last), start);
        }
        last = start;
    }

    /** Makes every {@code next} count from the start of the info struct; to be called once. */
    void shift(int offset) {
        int at = 0;
        while (last >= 0) {
            var header = at(at);
            int next = VfioInfoCapHeader.next(header);
            if (next == 0) {
                return;
            }
            VfioInfoCapHeader.next(header, next + offset);
            at = next;
        }
    }

    boolean isEmpty() {
        return bytes.length == 0;
    }

    int size() {
        return bytes.length;
    }

    /** Copies the chain. */
    void copyTo(MemorySegment target) {
        MemorySegment.copy(MemorySegment.ofArray(bytes), 0, target, 0, bytes.length);
    }

    private MemorySegment at(int offset) {
        return MemorySegment.ofArray(bytes).asSlice(offset, VfioInfoCapHeader.SIZEOF);
    }
}
