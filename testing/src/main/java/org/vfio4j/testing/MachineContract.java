// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.Objects;
import java.util.Set;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.vfio4j.Vfio;
import org.vfio4j.VfioOptions;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * What all contract tests share: a machine booted afresh for each test, and the demand that no page is pinned once the test has
 * closed what it opened. Extend one of its subclasses instead.
 */
public abstract class MachineContract {
    private @Nullable Vfio running;

    /** For subclasses. */
    protected MachineContract() {}

    /** What to boot; the embedded host's default machine unless overridden. */
    protected VfioOptions options() {
        return VfioOptions.defaults().withHost("embedded");
    }

    /** The machine of this test. */
    protected final Vfio vfio() {
        return Objects.requireNonNull(running, "the machine is booted before each test");
    }

    @BeforeEach
    final void boot() {
        running = Vfio.open(options());
    }

    @AfterEach
    final void powerOff() {
        var vfio = vfio();
        running = null;
        var pinned = vfio.pinnedPages();
        var faults = vfio.faults();
        vfio.close();
        assertThat(pinned)
                .as("pages still pinned after everything was closed (refused DMA: %s)", faults)
                .isZero();
    }

    /** The group of a device. */
    final int groupOf(String device) {
        return vfio().device(device).group().orElseThrow();
    }

    /** Requires that a call is refused with one of some errnos. */
    static void assertRefused(String what, Set<Errno> expected, ThrowingCallable call) {
        var refusal = catchThrowableOfType(VfioException.class, call);
        assertThat(refusal)
                .as("%s must be refused with one of %s", what, expected)
                .isNotNull();
        assertThat(refusal.errno())
                .as("errno of the refusal of %s: %s", what, refusal.getMessage())
                .isIn(expected);
        assertThat(refusal.getMessage())
                .as("reason for the refusal of %s", what)
                .isNotBlank();
    }

    /** Requires that a call is refused with an errno. */
    static void assertRefused(String what, Errno expected, ThrowingCallable call) {
        assertRefused(what, Set.of(expected), call);
    }
}
