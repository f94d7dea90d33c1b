// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.fslmc;

import java.lang.foreign.Arena;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.UapiFile;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.FslMcIoctl;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.struct.UapiLayouts;

/** An open {@code /dev/dprc.N}. What its user opened by commands is closed with it. Spec: fsl-mc §10.4. */
final class McUserFile implements UapiFile {
    private final McUserNode node;
    private final EmbeddedMcObject root;
    private final ManagementComplex complex;

    /** The dpmcp it has; null when it has the root's own portal. */
    private final @Nullable EmbeddedMcObject portal;

    private final McSession session = new McSession();

    McUserFile(McUserNode node, EmbeddedMcObject root, ManagementComplex complex, @Nullable EmbeddedMcObject portal) {
        this.node = node;
        this.root = root;
        this.complex = complex;
        this.portal = portal;
        complex.add(session);
    }

    @Override
    public long ioctl(Caller caller, int command, long argument) {
        if (command != FslMcIoctl.FSL_MC_SEND_MC_COMMAND) {
            throw new VfioException(
                    Errno.EINVAL, "ioctl refused: " + this + " has no call 0x" + Integer.toHexString(command));
        }
        try (var arena = Arena.ofConfined()) {
            var buffer = arena.allocate(FslMcIoctl.COMMAND_LENGTH, Long.BYTES);
            caller.memory().read(argument, buffer, 0, buffer.byteSize());
            long[] words = new long[McCommand.WORDS];
            for (int i = 0; i < words.length; i++) {
                words[i] = buffer.get(UapiLayouts.U64, (long) i * Long.BYTES);
            }
            McUserCommands.check(words, caller);
            send(words);
            for (int i = 0; i < words.length; i++) {
                buffer.set(UapiLayouts.U64, (long) i * Long.BYTES, words[i]);
            }
            caller.memory().write(argument, buffer, 0, buffer.byteSize());
            return 0;
        }
    }

    private void send(long[] words) {
        int id = McCommand.id(words[0]);
        if (!complex.execute(root, session, words)) {
            throw new VfioException(
                    Errno.ETIMEDOUT, "command 0x" + Integer.toHexString(id) + " of " + this + " was not answered");
        }
        McStatus.of(words[0]).errno().ifPresent(errno -> {
            throw new VfioException(
                    errno,
                    "command 0x" + Integer.toHexString(id) + " of " + this + " was answered with "
                            + McStatus.of(words[0]));
        });
    }

    @Override
    public boolean positional() {
        return false;
    }

    @Override
    public void close() {
        complex.remove(session);
        node.giveBack(portal);
    }

    @Override
    public String toString() {
        return "/dev/" + node.name();
    }
}
