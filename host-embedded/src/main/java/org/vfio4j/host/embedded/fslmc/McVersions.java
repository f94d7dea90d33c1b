// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.fslmc;

import java.util.List;

/**
 * Firmware of a management complex: what it can do depends on its API version. Spec: fsl-mc §1.5, §10.2.
 *
 * @param major major number of the DPRC API, also of the firmware
 * @param minor minor number
 */
public record McVersions(int major, int minor) {
    /** The firmware a machine has unless a test wants another. */
    public static final McVersions CURRENT = new McVersions(6, 7);

    /** Every type of object there is. */
    static final List<String> TYPES = List.of(
            "dprc", "dpni", "dpio", "dpsw", "dpbp", "dpcon", "dpmcp", "dpmac", "dprtc", "dpseci", "dpdmux", "dpdcei",
            "dpaiop", "dpci", "dpdmai", "dpdbg");

    private static final int PORTAL = 64 << 10;
    private static final int OLD_COMMAND_PORTAL = 64;
    private static final int OLD_SOFTWARE_PORTAL = 4 << 10;

    /** Whether this is a version or a later one. */
    boolean atLeast(int otherMajor, int otherMinor) {
        return major > otherMajor || (major == otherMajor && minor >= otherMinor);
    }

    /** Size of a command portal in bytes. */
    int commandPortalSize() {
        return atLeast(6, 6) ? PORTAL : OLD_COMMAND_PORTAL;
    }

    /** Size of a queue-manager portal in bytes. */
    int softwarePortalSize() {
        return atLeast(6, 6) ? PORTAL : OLD_SOFTWARE_PORTAL;
    }

    /** Interrupts of an object of a type that is made while the machine runs. */
    static int irqs(String type) {
        return type.equals("dpbp") || type.equals("dpcon") ? 0 : 1;
    }

    /** The command that describes regions to this version's users. */
    int regionCommand() {
        if (atLeast(6, 6)) {
            return McCommand.OBJECT_REGION_V3;
        }
        return atLeast(6, 3) ? McCommand.OBJECT_REGION_V2 : McCommand.OBJECT_REGION_V1;
    }
}
