// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * Who owns the DMA of one group: nobody, native drivers by device, or one VFIO owner (kernel: {@code owner} and
 * {@code owner_cnt} of {@code struct iommu_group}). Guarded by the group's lock. Spec: core §7.
 */
@SuppressWarnings("ReferenceEquality") // an owner is whoever holds the very object
final class DmaOwnership {
    private final int group;

    /** The native drivers that use the DMA API, by device; empty while VFIO owns. */
    private final Map<BusDevice, String> nativeDrivers = new LinkedHashMap<>();

    private @Nullable Object owner;
    private boolean shared;
    private int claims;

    DmaOwnership(int group) {
        this.group = group;
    }

    boolean isUnowned() {
        return owner == null && nativeDrivers.isEmpty();
    }

    /** Whether VFIO owns it. */
    boolean isClaimed() {
        return owner != null;
    }

    /**
     * Counts a claim.
     *
     * @throws VfioException EPERM when anybody else owns it
     */
    void claim(Object by, boolean sharedClaim) {
        boolean again = owner == by && shared && sharedClaim;
        if (!isUnowned() && !again) {
            throw new VfioException(
                    Errno.EPERM,
                    "DMA of group " + group + " cannot be claimed: it is owned by "
                            + description().orElse("nobody"));
        }
        owner = by;
        shared = sharedClaim;
        claims++;
    }

    /** Gives a claim back; answers whether it was the last. */
    boolean release(Object by) {
        if (owner != by) {
            throw new IllegalStateException("DMA of group " + group + " was released by somebody who does not own it");
        }
        claims--;
        if (claims == 0) {
            owner = null;
        }
        return claims == 0;
    }

    /**
     * Counts a native driver.
     *
     * @throws VfioException EBUSY when VFIO owns it or the device has a driver
     */
    void useDmaApi(BusDevice device, String driver) {
        String other = nativeDrivers.get(device);
        if (owner != null || other != null) {
            throw new VfioException(
                    Errno.EBUSY,
                    driver + " cannot drive " + device.name() + ": DMA of its group " + group + " is owned by "
                            + description().orElse("nobody"));
        }
        nativeDrivers.put(device, driver);
    }

    /**
     * Ends a native driver's use.
     *
     * @throws VfioException ENODEV when the device has none
     */
    void releaseDmaApi(BusDevice device) {
        if (nativeDrivers.remove(device) == null) {
            throw new VfioException(Errno.ENODEV, "no native driver owns " + device.name());
        }
    }

    /** A device has left the group, with its native driver if it had one. */
    void forget(BusDevice device) {
        nativeDrivers.remove(device);
    }

    Optional<String> description() {
        if (owner != null) {
            return Optional.of(shared ? "VFIO, through an iommufd" : "VFIO, through its group");
        }
        if (nativeDrivers.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(nativeDrivers.entrySet().stream()
                .map(entry -> "native driver " + entry.getValue() + " on "
                        + entry.getKey().name())
                .collect(Collectors.joining(", ")));
    }
}
