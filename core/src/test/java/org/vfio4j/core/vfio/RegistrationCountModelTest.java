// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import static org.vfio4j.core.vfio.Interleavings.beside;
import static org.vfio4j.core.vfio.Interleavings.check;
import static org.vfio4j.core.vfio.Interleavings.explore;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.vfio4j.testing.Spec;

/** Users of a device that come and go while an unregistration waits for them. */
@Tag("model")
class RegistrationCountModelTest {
    private static final long AN_HOUR = TimeUnit.HOURS.toNanos(1);

    @Test
    @Spec("C-151")
    void shouldWakeTheUnregistrationWhoeverIsLast() {
        explore(2000, () -> {
            var count = registered();
            count.tryGet();
            beside(count::put, () -> {
                count.put();
                check(count.awaitUnusedUninterruptibly(AN_HOUR), "the wake-up was lost");
            });
        });
    }

    @Test
    @Spec("C-152")
    void shouldLetNobodyInOnceTheUnregistrationIsThrough() {
        explore(2000, () -> {
            var count = registered();
            var gone = new AtomicBoolean();
            beside(
                    () -> {
                        if (count.tryGet()) {
                            check(!gone.get(), "a user holds a device that is gone");
                            count.put();
                        }
                    },
                    () -> {
                        count.put();
                        check(count.awaitUnusedUninterruptibly(AN_HOUR), "the wake-up was lost");
                        gone.set(true);
                        check(!count.tryGet(), "a device that is gone was found");
                    });
        });
    }

    private static RegistrationCount registered() {
        var count = new RegistrationCount();
        count.start();
        return count;
    }
}
