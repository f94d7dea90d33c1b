// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.race;

import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.vfio4j.Vfio;
import org.vfio4j.core.fixture.FakeDriver;
import org.vfio4j.core.fixture.FakeMachine;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Takes devices away under their users, gives some to a native driver for a while, and brings them back. */
final class Administrator implements Runnable {
    private final Books books;
    private final Vfio vfio;
    private final List<String> devices;
    private final SplittableRandom random;
    private final BooleanSupplier goOn;

    /** Devices taken away so far: the watchdog looks at it. */
    final AtomicLong unbinds = new AtomicLong();

    /** Devices a native driver had for a while. */
    final AtomicLong nativeBinds = new AtomicLong();

    Administrator(Books books, Vfio vfio, List<String> devices, SplittableRandom random, BooleanSupplier goOn) {
        this.books = books;
        this.vfio = vfio;
        this.devices = devices;
        this.random = random;
        this.goOn = goOn;
    }

    @Override
    public void run() {
        try {
            while (goOn.getAsBoolean()) {
                LockSupport.parkNanos(random.nextInt(3_000_000));
                takeAwayAndBringBack(devices.get(random.nextInt(devices.size())));
            }
        } catch (RuntimeException | Error e) {
            books.violation("the administrator died of " + e + " at " + List.of(e.getStackTrace()));
        }
    }

    private void takeAwayAndBringBack(String device) {
        vfio.unbind(device);
        unbinds.incrementAndGet();
        if (random.nextBoolean()) {
            try {
                vfio.bind(device, FakeMachine.NATIVE_DRIVER);
                nativeBinds.incrementAndGet();
                LockSupport.parkNanos(1);
                vfio.unbind(device);
            } catch (VfioException e) {
                // Siblings of the device are in use.
                books.require(e.errno() == Errno.EBUSY, "a native driver was refused with " + e);
            }
        }
        vfio.bind(device, FakeDriver.NAME);
    }
}
