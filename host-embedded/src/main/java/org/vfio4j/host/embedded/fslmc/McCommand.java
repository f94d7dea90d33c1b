// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.fslmc;

import java.nio.charset.StandardCharsets;

/** A command as it stands in a portal: eight little-endian words, a header and seven of parameters. Spec: fsl-mc §10.1. */
final class McCommand {
    /** Words of a command. */
    static final int WORDS = 8;

    /** Bytes of a command. */
    static final int LENGTH = WORDS * Long.BYTES;

    // Command ids: code << 4 | version.
    static final int MC_VERSION = 0x8311;
    static final int CONTAINER_ID = 0x8301;
    static final int DPRC_OPEN = 0x8051;
    static final int CLOSE = 0x8001;
    static final int RESET = 0x0051;
    static final int RESET_CONTAINER = 0x0052;
    static final int DPRC_ATTRIBUTES = 0x0041;
    static final int OBJECT_COUNT = 0x1591;
    static final int OBJECT = 0x15a1;
    static final int OBJECT_REGION_V1 = 0x15e1;
    static final int OBJECT_REGION_V2 = 0x15e2;
    static final int OBJECT_REGION_V3 = 0x15e3;
    static final int SET_OBJECT_IRQ = 0x15f1;
    static final int SET_DPRC_IRQ = 0x0101;
    static final int IRQ_ENABLE = 0x0121;
    static final int IRQ_MASK = 0x0141;
    static final int IRQ_STATUS = 0x0161;
    static final int IRQ_CLEAR = 0x0171;
    static final int CONNECTION = 0x16c1;
    static final int ASSIGN = 0x1571;
    static final int UNASSIGN = 0x1581;

    // Commands there are for each type, whose number is in bits 4 to 9: what is left of an id under a mask.
    static final int FAMILY = 0xfc00;
    static final int CREATIONS = 0x9000;
    static final int DESTRUCTIONS = 0x9800;
    static final int API_VERSIONS = 0xa000;

    /** Option of {@link #ASSIGN}, in the high half of the first parameter: the object can be used. */
    static final long PLUGGED = 0x8000_0000L;

    /** Option of {@link #RESET_CONTAINER}: child containers are left alone. */
    static final int NON_RECURSIVE = 1;

    private static final int STATUS_SHIFT = 16;
    private static final int TOKEN_SHIFT = 32;
    private static final int ID_SHIFT = 48;
    private static final int NAME_LENGTH = 16;

    private McCommand() {}

    /** The status byte of a header. */
    static int status(long header) {
        return (int) (header >>> STATUS_SHIFT) & 0xff;
    }

    /** A header with another status. */
    static long withStatus(long header, McStatus status) {
        return (header & ~(0xffL << STATUS_SHIFT)) | ((long) status.code() << STATUS_SHIFT);
    }

    /** The token of a header. */
    static int token(long header) {
        return (int) (header >>> TOKEN_SHIFT) & 0xffff;
    }

    /** A header with another token. */
    static long withToken(long header, int token) {
        return (header & ~(0xffffL << TOKEN_SHIFT)) | ((long) token << TOKEN_SHIFT);
    }

    /** The command of a header. */
    static int id(long header) {
        return (int) (header >>> ID_SHIFT) & 0xffff;
    }

    /** A header as software writes it. */
    static long header(int id, int token) {
        return withStatus(withToken((long) id << ID_SHIFT, token), McStatus.READY);
    }

    /** A name of at most 16 characters in two words from one on, cut at the first zero. */
    static String name(long[] words, int first) {
        var text = new StringBuilder(NAME_LENGTH);
        for (int i = 0; i < NAME_LENGTH; i++) {
            int character = (int) (words[first + i / Long.BYTES] >>> (i % Long.BYTES * Byte.SIZE)) & 0xff;
            if (character == 0) {
                break;
            }
            text.append((char) character);
        }
        return text.toString();
    }

    /** Stores a name. */
    static void name(long[] words, int first, String name) {
        byte[] ascii = name.getBytes(StandardCharsets.US_ASCII);
        words[first] = 0;
        words[first + 1] = 0;
        for (int i = 0; i < Math.min(ascii.length, NAME_LENGTH); i++) {
            words[first + i / Long.BYTES] |= (ascii[i] & 0xffL) << (i % Long.BYTES * Byte.SIZE);
        }
    }

    /** The command that opens an object of a type; 0 for an unknown type. */
    static int open(String type) {
        return switch (type) {
            case "dprc" -> DPRC_OPEN;
            case "dprtc" -> 0x8101;
            case "dpni" -> 0x8011;
            case "dpsw" -> 0x8021;
            case "dpio" -> 0x8031;
            case "dpbp" -> 0x8041;
            case "dpdmux" -> 0x8061;
            case "dpci" -> 0x8071;
            case "dpcon" -> 0x8081;
            case "dpseci" -> 0x8091;
            case "dpaiop" -> 0x80a1;
            case "dpmcp" -> 0x80b1;
            case "dpmac" -> 0x80c1;
            case "dpdcei" -> 0x80d1;
            case "dpdmai" -> 0x80e1;
            case "dpdbg" -> 0x80f1;
            default -> 0;
        };
    }

    /** The type an open command opens; empty when the command is no open. */
    static String opens(int id) {
        for (String type : McVersions.TYPES) {
            if (open(type) == id) {
                return type;
            }
        }
        return "";
    }

    /** The type that a command of a {@link #FAMILY} is about; empty when there is none of its number. */
    static String typeOf(int id) {
        return opens(0x8001 | (id & ~FAMILY & 0xfff0));
    }
}
