// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import java.time.Duration;
import org.vfio4j.spi.module.KernelModule;

/**
 * Tunables of the core (kernel: parameters of the module {@code vfio}). Immutable but for the one that the kernel lets
 * administrators change while it runs.
 */
public final class CoreSettings {
    /** How often the user of a device that is being unregistered is asked to let go (UN-2). */
    public static final Duration REQUEST_PERIOD = Duration.ofSeconds(10);

    /** The parameter that decides {@link #unsafeNoIommuMode}. */
    public static final KernelModule.Parameter UNSAFE_NOIOMMU_MODE =
            new KernelModule.Parameter("enable_unsafe_noiommu_mode", KernelModule.Kind.BOOL, "N");

    private final Duration requestPeriod;
    private volatile boolean unsafeNoIommuMode;

    /**
     * Settings.
     *
     * @param unsafeNoIommuMode {@code enable_unsafe_noiommu_mode}: devices without IOMMU may be registered
     * @param requestPeriod time between two requests to let go of a device
     */
    public CoreSettings(boolean unsafeNoIommuMode, Duration requestPeriod) {
        this.unsafeNoIommuMode = unsafeNoIommuMode;
        this.requestPeriod = requestPeriod;
    }

    /** The kernel's defaults. */
    public static CoreSettings defaults() {
        return new CoreSettings(false, REQUEST_PERIOD);
    }

    /** Whether devices without IOMMU may be used (NA-4). */
    public boolean unsafeNoIommuMode() {
        return unsafeNoIommuMode;
    }

    /** Switches {@link #unsafeNoIommuMode}. */
    public void unsafeNoIommuMode(boolean enabled) {
        unsafeNoIommuMode = enabled;
    }

    Duration requestPeriod() {
        return requestPeriod;
    }
}
