// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.fslmc;

import java.util.Map;
import org.vfio4j.spi.fslmc.McObject;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * The commands this driver sends to the management complex, on the portal of an object's container. Every one throws the
 * errno of its status. Spec: fsl-mc §8, §10.
 */
final class HostCommands {
    private static final int WORDS = 8;

    // Ids: code << 4 | version.
    private static final int CLOSE = 0x8001;
    private static final int RESET = 0x0051;
    private static final int RESET_CONTAINER = 0x0052;
    private static final int API_VERSION = 0xa051;
    private static final int ATTRIBUTES = 0x0041;

    private static final int NON_RECURSIVE = 1;

    private static final Map<String, Integer> OPEN = Map.ofEntries(
            Map.entry("dprc", 0x8051),
            Map.entry("dprtc", 0x8101),
            Map.entry("dpni", 0x8011),
            Map.entry("dpsw", 0x8021),
            Map.entry("dpio", 0x8031),
            Map.entry("dpbp", 0x8041),
            Map.entry("dpdmux", 0x8061),
            Map.entry("dpci", 0x8071),
            Map.entry("dpcon", 0x8081),
            Map.entry("dpseci", 0x8091),
            Map.entry("dpaiop", 0x80a1),
            Map.entry("dpmcp", 0x80b1),
            Map.entry("dpmac", 0x80c1),
            Map.entry("dpdcei", 0x80d1),
            Map.entry("dpdmai", 0x80e1),
            Map.entry("dpdbg", 0x80f1));

    private static final int STATUS_SHIFT = 16;
    private static final int TOKEN_SHIFT = 32;
    private static final int ID_SHIFT = 48;
    private static final long STATUS_READY = 1;

    private final McObject portal;

    /** Commands on the portal of an object's container, or of the object itself when it is a container. */
    HostCommands(McObject portal) {
        this.portal = portal;
    }

    /**
     * Version of the container API.
     *
     * @param major number
     * @param minor number
     */
    record ApiVersion(int major, int minor) {
        boolean atLeast(int otherMajor, int otherMinor) {
            return major > otherMajor || (major == otherMajor && minor >= otherMinor);
        }
    }

    /**
     * Opens an object.
     *
     * @return its token
     * @throws VfioException ENODEV for an unknown type
     */
    int open(String type, int id) {
        var command = OPEN.get(type);
        if (command == null) {
            throw new VfioException(Errno.ENODEV, "objects of type " + type + " cannot be opened");
        }
        return (int) (send(command, 0, Integer.toUnsignedLong(id))[0] >>> TOKEN_SHIFT) & 0xffff;
    }

    void close(int token) {
        send(CLOSE, token);
    }

    /** Asks for the attributes, which shows that the token is good. */
    void attributes(int token) {
        send(ATTRIBUTES, token);
    }

    ApiVersion apiVersion() {
        long version = send(API_VERSION, 0)[1];
        return new ApiVersion((int) version & 0xffff, (int) (version >>> 16) & 0xffff);
    }

    /** Resets the object behind a token. */
    void reset(int token) {
        send(RESET, token);
    }

    /** Resets what is in a container; child containers are left alone where the firmware can do that. */
    void resetContainer(int token, int id, ApiVersion version) {
        if (version.atLeast(6, 5)) {
            send(RESET_CONTAINER, token, Integer.toUnsignedLong(id) | ((long) NON_RECURSIVE << 32));
        } else {
            send(RESET, token, Integer.toUnsignedLong(id));
        }
    }

    private long[] send(int id, int token, long... parameters) {
        long[] words = new long[WORDS];
        words[0] = ((long) id << ID_SHIFT) | ((long) token << TOKEN_SHIFT) | (STATUS_READY << STATUS_SHIFT);
        System.arraycopy(parameters, 0, words, 1, parameters.length);
        portal.sendCommand(words);
        return words;
    }
}
