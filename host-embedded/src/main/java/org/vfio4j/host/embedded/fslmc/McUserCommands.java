// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.fslmc;

import java.util.List;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.Capability;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Which commands users may send through the node of the root container. Spec: fsl-mc §10.4. */
final class McUserCommands {
    /** The largest number of a type. */
    private static final int LAST_TYPE = 0x10;

    /** Every version of one command. */
    private static final int ONE = 0xfff0;

    /**
     * A kind of command.
     *
     * @param id what is left of its id under the mask
     * @param mask bits of the id that say which command it is
     * @param size bytes it can have, header included
     * @param token whether it is about an open object
     * @param administrates whether it changes what hardware is used for
     */
    private record Kind(int id, int mask, int size, boolean token, boolean administrates) {
        boolean matches(int command) {
            return (command & mask) == id;
        }
    }

    /** In the order in which they are tried: those of single commands before those of every type. */
    private static final List<Kind> ACCEPTED = List.of(
            // dpdbg: dump, set
            asks(0x1300, 28),
            asks(0x1400, 28),
            // dprc: create and destroy container, assign, unassign
            administrates(0x1510, 40),
            administrates(0x1520, 12),
            administrates(0x1570, 40),
            administrates(0x1580, 40),
            // dprc: number of objects, object, number of resources, resources
            asks(0x1590, 16),
            asks(0x15a0, 12),
            asks(0x15b0, 32),
            asks(0x15c0, 40),
            // dprc: label, lock, connect, disconnect
            administrates(0x1610, 48),
            administrates(0x16b0, 16),
            administrates(0x1670, 56),
            administrates(0x1680, 32),
            // dprc: pool, number of pools, connection
            asks(0x1690, 12),
            asks(0x16a0, 8),
            asks(0x16c0, 32),
            // dpci: link, peer; dpaiop: version, state; dpseci: queue; dpmac: counter, address
            asks(0x0e10, 8),
            asks(0x0e20, 8),
            asks(0x2820, 8),
            asks(0x2830, 8),
            asks(0x1970, 14),
            asks(0x0c40, 9),
            asks(0x0c50, 8),
            // dpni: set and get address, statistics, link, longest frame
            administrates(0x2240, 16),
            asks(0x2250, 8),
            asks(0x25d0, 10),
            asks(0x2150, 8),
            asks(0x2170, 8),
            // dpsw: get and set tail drop, counter, longest frame; dpdmux: counter, longest frame
            asks(0x0a80, 14),
            administrates(0x0a90, 24),
            asks(0x0340, 11),
            asks(0x0450, 10),
            asks(0x0b20, 11),
            asks(0x0a20, 10),
            // any object: attributes, interrupt mask and status, close
            asks(0x0040, 8),
            asks(0x0150, 13),
            asks(0x0160, 13),
            asks(0x8000, 8),
            // the firmware: container id, version
            new Kind(0x8300, ONE, 8, false, false),
            new Kind(0x8310, ONE, 8, false, false),
            // of every type: open, version of the interface, destroy, create
            new Kind(0x8000, McCommand.FAMILY, 12, false, false),
            new Kind(McCommand.API_VERSIONS, McCommand.FAMILY, 8, false, false),
            new Kind(McCommand.DESTRUCTIONS, McCommand.FAMILY, 12, true, true),
            new Kind(McCommand.CREATIONS, McCommand.FAMILY, 64, true, true));

    private McUserCommands() {}

    private static Kind asks(int id, int size) {
        return new Kind(id, ONE, size, true, false);
    }

    private static Kind administrates(int id, int size) {
        return new Kind(id, ONE, size, true, true);
    }

    /**
     * Checks a command.
     *
     * @throws VfioException EACCES for a command that is not accepted, has bytes behind its end that are not zero, or has a
     *     token when it must not, or none when it must; EPERM when it administrates and the caller may not
     */
    static void check(long[] words, Caller caller) {
        int id = McCommand.id(words[0]);
        var kind = ACCEPTED.stream()
                .filter(candidate -> candidate.matches(id))
                .findFirst()
                .orElseThrow(() -> refused(id, "it is not among those that users may send"));
        for (int at = kind.size(); at < McCommand.LENGTH; at++) {
            if ((words[at / Long.BYTES] >>> (at % Long.BYTES * Byte.SIZE) & 0xff) != 0) {
                throw refused(id, "byte " + at + " is not zero, it has " + kind.size());
            }
        }
        int token = McCommand.token(words[0]);
        if ((token != 0) != kind.token()) {
            throw refused(id, kind.token() ? "it needs a token" : "it has token " + token + " and needs none");
        }
        int type = id >>> 4 & 0x3f;
        if (kind.mask() == McCommand.FAMILY && (type == 0 || type > LAST_TYPE)) {
            throw refused(id, "there is no type " + type);
        }
        if (kind.administrates() && !caller.capable(Capability.NET_ADMIN)) {
            throw new VfioException(
                    Errno.EPERM, "command 0x" + Integer.toHexString(id) + " refused: it needs CAP_NET_ADMIN");
        }
    }

    private static VfioException refused(int id, String reason) {
        return new VfioException(Errno.EACCES, "command 0x" + Integer.toHexString(id) + " refused: " + reason);
    }
}
