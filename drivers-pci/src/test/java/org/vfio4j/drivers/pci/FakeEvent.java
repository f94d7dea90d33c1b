// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.EventFile;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** An eventfd whose counter a test reads. */
final class FakeEvent implements EventFile {
    private final AtomicLong counter = new AtomicLong();
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

    private volatile boolean closed;

    @Override
    public void signal() {
        counter.incrementAndGet();
        listeners.forEach(Runnable::run);
    }

    @Override
    public long take() {
        return counter.getAndSet(0);
    }

    @Override
    public Listening listen(Runnable listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    int listeners() {
        return listeners.size();
    }

    @Override
    public int poll() {
        return counter.get() != 0 ? POLL_IN | POLL_OUT : POLL_OUT;
    }

    @Override
    public long ioctl(Caller caller, int command, long argument) {
        throw new VfioException(Errno.ENOTTY, "an event file has no ioctls");
    }

    @Override
    public boolean closed() {
        return closed;
    }

    @Override
    public void close() {
        closed = true;
        listeners.clear();
    }
}
