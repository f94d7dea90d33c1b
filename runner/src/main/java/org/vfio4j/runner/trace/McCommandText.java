// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.trace;

import java.lang.foreign.Arena;
import org.vfio4j.spi.memory.AddressSpace;
import org.vfio4j.uapi.FslMcIoctl;
import org.vfio4j.uapi.struct.UapiLayouts;

/** Shows a command of the management complex: what its header says, and its parameters without the zeros at their end. */
final class McCommandText {
    private McCommandText() {}

    static String of(AddressSpace memory, long argument, Arena arena) {
        var words = arena.allocate(FslMcIoctl.COMMAND_LENGTH, Long.BYTES);
        memory.read(argument, words, 0, words.byteSize());
        long header = words.get(UapiLayouts.U64, 0);
        var text = new StringBuilder(", {command=0x")
                .append(Integer.toHexString((int) (header >>> 48)))
                .append(", token=")
                .append(header >>> 32 & 0xffff)
                .append(", status=")
                .append(header >>> 16 & 0xff)
                .append(", params=[");
        long used = words.byteSize();
        while (used > Long.BYTES && words.get(UapiLayouts.U64, used - Long.BYTES) == 0) {
            used -= Long.BYTES;
        }
        for (long at = Long.BYTES; at < used; at += Long.BYTES) {
            text.append(at > Long.BYTES ? ", 0x" : "0x").append(Long.toHexString(words.get(UapiLayouts.U64, at)));
        }
        return text.append("]}").toString();
    }
}
