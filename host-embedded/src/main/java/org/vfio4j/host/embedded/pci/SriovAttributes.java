// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.pci;

import java.util.Map;
import org.vfio4j.host.embedded.device.TextAttribute;
import org.vfio4j.spi.host.DeviceAttribute;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * What a physical function shows of its virtual functions (attributes {@code sriov_*}). The drivers of this machine do not
 * make virtual functions, so any number but the present one is refused as for a driver without that ability. Spec: pci §18.1.
 */
final class SriovAttributes {
    private static final int CAPABILITY = 0x0010;
    private static final int TOTAL = 0x0e;
    private static final int NUMBER = 0x10;
    private static final int OFFSET = 0x14;
    private static final int STRIDE = 0x16;
    private static final int DEVICE = 0x1a;

    private SriovAttributes() {}

    /** The attributes; none when the function has no SR-IOV capability. */
    static Map<String, DeviceAttribute> of(EmbeddedFunction function, byte[] config) {
        int at = CapabilityList.findExtended(config, CAPABILITY);
        if (at == 0) {
            return Map.of();
        }
        return Map.of(
                "sriov_totalvfs", decimal(function, at + TOTAL),
                "sriov_numvfs",
                        TextAttribute.variable(
                                () -> Integer.toString(function.readConfig(at + NUMBER, 2)),
                                text -> change(function, at, text)),
                "sriov_offset", decimal(function, at + OFFSET),
                "sriov_stride", decimal(function, at + STRIDE),
                "sriov_vf_device", TextAttribute.line(() -> Integer.toHexString(function.readConfig(at + DEVICE, 2))),
                "sriov_vf_total_msix", TextAttribute.line(() -> "0"));
    }

    private static TextAttribute decimal(EmbeddedFunction function, int offset) {
        return TextAttribute.line(() -> Integer.toString(function.readConfig(offset, 2)));
    }

    private static void change(EmbeddedFunction function, int at, String text) {
        long wanted = TextAttribute.number(text);
        int total = function.readConfig(at + TOTAL, 2);
        if (wanted < 0) {
            throw new VfioException(Errno.EINVAL, "sriov_numvfs refused: " + wanted + " is negative");
        }
        if (wanted > total) {
            throw new VfioException(
                    Errno.ERANGE,
                    "sriov_numvfs refused: " + function.name() + " can have " + total + " virtual functions, not "
                            + wanted);
        }
        if (wanted != function.readConfig(at + NUMBER, 2)) {
            throw new VfioException(
                    Errno.ENOENT, "sriov_numvfs refused: no driver of " + function.name() + " makes virtual functions");
        }
    }
}
