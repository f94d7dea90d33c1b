// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioFeature;

/**
 * The secret that the user of a physical function shares with those it lets use its virtual functions (kernel: {@code struct
 * vfio_pci_vf_token}). It exists from bind to unbind of the physical function, at first a random one, and outlives every
 * close. Thread-safe. Spec: pci §18.3 to §18.5, §18.8.
 */
final class VfToken {
    private static final ValueLayout.OfLong BIG_ENDIAN =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private static final int METHODS = VfioFeature.VFIO_DEVICE_FEATURE_GET | VfioFeature.VFIO_DEVICE_FEATURE_SET;

    /** Guards what follows; a leaf. Taken under a group's device list lock, and under the set locks of physical and virtual functions. */
    private final ReentrantLock tokenLock = new ReentrantLock();

    private UUID token = UUID.randomUUID();

    /** Virtual functions that are open. */
    private int users;

    /** A virtual function has been opened. */
    void addUser() {
        tokenLock.lock();
        try {
            users++;
        } finally {
            tokenLock.unlock();
        }
    }

    /** A virtual function is being closed. */
    void removeUser() {
        tokenLock.lock();
        try {
            users--;
        } finally {
            tokenLock.unlock();
        }
    }

    /**
     * Checks the token given with a virtual function.
     *
     * @throws VfioException EACCES when it is missing or another
     */
    void checkForVirtual(String name, @Nullable UUID given) {
        tokenLock.lock();
        try {
            require(name, given, "it is a virtual function");
        } finally {
            tokenLock.unlock();
        }
    }

    /**
     * Checks the token given with the physical function, or takes it while no virtual function is open.
     *
     * @throws VfioException EACCES when a virtual function is open and the token is missing or another
     */
    void checkForPhysical(String name, @Nullable UUID given) {
        tokenLock.lock();
        try {
            if (users != 0) {
                require(name, given, users + " of its virtual functions are open");
            } else if (given != null) {
                token = given;
            }
        } finally {
            tokenLock.unlock();
        }
    }

    private void require(String name, @Nullable UUID given, String reason) {
        if (given == null) {
            throw new VfioException(
                    Errno.EACCES, "pci §18.4", name + " needs the token of the physical function: " + reason);
        }
        if (!given.equals(token)) {
            throw new VfioException(
                    Errno.EACCES,
                    "pci §18.4",
                    name + " was given another token than the physical function's: " + reason);
        }
    }

    /** The feature PCI_VF_TOKEN: the token for later opens. */
    long feature(Caller caller, int flags, long argument, long length) {
        if ((flags & VfioFeature.VFIO_DEVICE_FEATURE_GET) != 0) {
            throw new VfioException(Errno.EINVAL, "FT-3", "PCI_VF_TOKEN can be set, not read");
        }
        if ((flags & VfioFeature.VFIO_DEVICE_FEATURE_PROBE) != 0) {
            return 0;
        }
        if ((flags & METHODS) == 0) {
            throw new VfioException(Errno.EINVAL, "FT-3", "neither SET nor PROBE of PCI_VF_TOKEN was asked for");
        }
        if (length < 2 * Long.BYTES) {
            throw new VfioException(Errno.EINVAL, "FT-3", "PCI_VF_TOKEN refused: a token has 16 bytes, not " + length);
        }
        try (var arena = Arena.ofConfined()) {
            var bytes = arena.allocate(2 * Long.BYTES);
            caller.memory().read(argument, bytes, 0, bytes.byteSize());
            set(new UUID(bytes.get(BIG_ENDIAN, 0), bytes.get(BIG_ENDIAN, Long.BYTES)));
        }
        return 0;
    }

    private void set(UUID wanted) {
        tokenLock.lock();
        try {
            token = wanted;
        } finally {
            tokenLock.unlock();
        }
    }
}
