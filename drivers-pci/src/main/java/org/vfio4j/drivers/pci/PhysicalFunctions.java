// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.spi.pci.SriovControl;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * Physical functions of this driver that have virtual ones because it made them (kernel: {@code vfio_pci_sriov_pfs}).
 * Thread-safe; changes for one physical function come one at a time. Spec: pci §18.1.
 */
final class PhysicalFunctions {
    private static final Logger LOG = LoggerFactory.getLogger(PhysicalFunctions.class);

    private final Map<PciFunction, VfioPciDevice> enabled = new ConcurrentHashMap<>();

    /** What tokens mean for a function that is being probed. */
    TokenRole roleOf(PciFunction function) {
        var physical = function.physicalFunction();
        if (physical == null) {
            boolean capable = HardwareCapabilities.findExtended(function, CapabilityId.EXT_SR_IOV) != 0;
            return new TokenRole(function.name(), capable ? new VfToken() : null, null, false);
        }
        var device = enabled.get(physical);
        return new TokenRole(
                function.name(),
                null,
                device == null ? null : device.tokenRole().own(),
                true);
    }

    /**
     * Makes virtual functions.
     *
     * @throws VfioException EINVAL when there are some, or what enabling them answers; there are none then
     */
    void enable(PciFunction physical, SriovControl sriov, VfioPciDevice device, int count) {
        if (enabled.putIfAbsent(physical, device) != null) {
            throw new VfioException(
                    Errno.EINVAL,
                    "pci §18.1",
                    "enabling of virtual functions refused: those of " + physical.name() + " are enabled already");
        }
        device.stayAwake();
        try {
            device.wake();
            sriov.enable(count);
            // A user may have let it sleep in the moment before virtual functions forbade that.
            device.wake();
        } catch (Throwable e) {
            enabled.remove(physical);
            device.mayFallAsleep();
            throw e;
        }
        LOG.info("{} has {} virtual functions", physical.name(), count);
    }

    /** Takes all virtual functions away, waiting for their users; no effect when there are none. */
    void disable(PciFunction physical, SriovControl sriov) {
        var device = enabled.get(physical);
        if (device != null) {
            sriov.disable();
            enabled.remove(physical);
            device.mayFallAsleep();
            LOG.info("{} has no virtual functions any more", physical.name());
        }
    }
}
