// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.call.EventFile;
import org.vfio4j.spi.device.IrqSet;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * An index without hardware behind it: one event file that the driver signals, for errors and for the request to let go
 * (kernel: {@code vfio_pci_set_ctx_trigger_single}). Changes are serialised by {@link Interrupts}. Spec: pci §12.8.
 */
final class EventTrigger {
    private final String what;
    private volatile @Nullable EventFile event;

    EventTrigger(String what) {
        this.what = what;
    }

    /** TRIGGER. */
    void trigger(IrqSet request) {
        if (request.start() != 0 || request.count() > 1) {
            throw new VfioException(Errno.EINVAL, what + " has one vector");
        }
        switch (request.data()) {
            case IrqSet.None _ -> {
                if (event == null) {
                    throw new VfioException(Errno.EINVAL, what + " has no event file");
                }
                if (request.count() == 0) {
                    event = null;
                } else {
                    signal();
                }
            }
            case IrqSet.Bools bools -> {
                requireOne(request);
                if (bools.values().getFirst()) {
                    signal();
                }
            }
            case IrqSet.Events events -> {
                requireOne(request);
                set(events.slots().getFirst());
            }
        }
    }

    private void requireOne(IrqSet request) {
        if (request.count() == 0) {
            throw new VfioException(Errno.EINVAL, what + ": a value or event file is needed");
        }
    }

    private void set(IrqSet.Slot slot) {
        if (slot.descriptor() < -1) {
            throw new VfioException(Errno.EINVAL, what + ": descriptor " + slot.descriptor() + " means nothing");
        }
        event = slot.event();
    }

    /** Signals; false when nobody listens. */
    boolean signal() {
        var sink = event;
        if (sink != null) {
            sink.signal();
        }
        return sink != null;
    }

    void clear() {
        event = null;
    }
}
