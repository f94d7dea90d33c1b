// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.iommu.BackendEnvironment;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * The backend's options (kernel: module parameters of {@code vfio_iommu_type1}), asked each time they matter, so that a
 * change works at once where the kernel's does.
 */
final class Tunables {
    private static final long DEFAULT_ENTRY_LIMIT = 65535;
    private static final long LARGEST_ENTRY_LIMIT = 0xffff_ffffL;

    private final BackendEnvironment environment;

    Tunables(BackendEnvironment environment) {
        this.environment = environment;
    }

    /** Whether groups without interrupt isolation are accepted; read at every attach. */
    boolean allowUnsafeInterrupts() {
        return flag("allow_unsafe_interrupts");
    }

    /** Whether memory is handed to the IOMMU page by page; read at every pin. */
    boolean disableHugePages() {
        return flag("disable_hugepages");
    }

    /** How many entries an instance may have; read when it is opened. */
    long entryLimit() {
        String text = environment.option("dma_entry_limit").orElse(null);
        if (text == null) {
            return DEFAULT_ENTRY_LIMIT;
        }
        long limit;
        try {
            limit = Long.decode(text.strip());
        } catch (NumberFormatException e) {
            throw badOption("dma_entry_limit", text, "a number", e);
        }
        if (limit < 0 || limit > LARGEST_ENTRY_LIMIT) {
            throw badOption("dma_entry_limit", text, "a number up to " + LARGEST_ENTRY_LIMIT, null);
        }
        return limit;
    }

    private boolean flag(String name) {
        String text = environment.option(name).orElse(null);
        if (text == null) {
            return false;
        }
        return switch (text.strip().toLowerCase(Locale.ROOT)) {
            case "y", "yes", "1", "true", "on" -> true;
            case "n", "no", "0", "false", "off" -> false;
            default -> throw badOption(name, text, "Y or N", null);
        };
    }

    private static VfioException badOption(String name, String text, String expected, @Nullable Throwable cause) {
        String sentence = "type1 option " + name + " is \"" + text + "\", not " + expected;
        return cause == null
                ? new VfioException(Errno.EINVAL, sentence)
                : new VfioException(Errno.EINVAL, sentence, cause);
    }
}
