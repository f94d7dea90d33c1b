// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.pci;

import java.util.Map;
import org.vfio4j.host.embedded.device.TextAttribute;
import org.vfio4j.spi.host.DeviceAttribute;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * What a physical function shows of its virtual functions (attributes {@code sriov_*}), and a virtual one of its vectors. The
 * attribute {@code sriov_numvfs} is the core's, which knows the driver. Spec: pci §18.1.
 */
final class SriovAttributes {
    private SriovAttributes() {}

    /** The attributes; none for a function that has nothing to do with SR-IOV. */
    static Map<String, DeviceAttribute> of(EmbeddedFunction function) {
        var sriov = function.sriov();
        if (sriov != null) {
            return Map.of(
                    "sriov_totalvfs", TextAttribute.line(() -> Integer.toString(sriov.totalVfs())),
                    "sriov_offset", TextAttribute.line(() -> Integer.toString(sriov.vfOffset())),
                    "sriov_stride", TextAttribute.line(() -> Integer.toString(sriov.vfStride())),
                    "sriov_vf_device", TextAttribute.line(() -> Integer.toHexString(sriov.vfDevice())),
                    "sriov_vf_total_msix", TextAttribute.line(() -> "0"),
                    "sriov_drivers_autoprobe",
                            TextAttribute.variable(
                                    () -> sriov.driversAutoprobe() ? "1" : "0",
                                    text -> sriov.driversAutoprobe(TextAttribute.truth(text))));
        }
        return function.physicalFunction() == null
                ? Map.of()
                : Map.of("sriov_vf_msix_count", new TextAttribute(0200, null, text -> vectors(function, text)));
    }

    /** No driver of this machine moves vectors from one virtual function to another. */
    private static void vectors(EmbeddedFunction function, String text) {
        long count = TextAttribute.number(text);
        throw new VfioException(
                count < 0 ? Errno.EINVAL : Errno.EOPNOTSUPP,
                "sriov_vf_msix_count refused: the number of vectors of " + function.name() + " cannot be changed to "
                        + count);
    }
}
