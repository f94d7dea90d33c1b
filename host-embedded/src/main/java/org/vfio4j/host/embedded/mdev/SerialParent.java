// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.mdev;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import org.vfio4j.spi.mdev.MdevModel;
import org.vfio4j.spi.mdev.MdevType;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** A board of serial ports that its devices share (kernel: the {@code mtty} sample's device). Spec: mdev §9. */
final class SerialParent implements SampleParent {
    /** What type directories start with: the parent's class. */
    private static final String CLASS_NAME = "mtty";

    private final String name;
    private final Executor devices;

    /** Guards {@link #freePorts} and {@link #made}; a leaf. */
    private final ReentrantLock portsLock = new ReentrantLock();

    private final Set<SerialDevice> made = new HashSet<>();
    private int freePorts;

    SerialParent(String name, int ports, Executor devices) {
        this.name = name;
        this.freePorts = ports;
        this.devices = devices;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String driverString() {
        return CLASS_NAME;
    }

    @Override
    public List<MdevType> types() {
        return Arrays.stream(SerialType.values()).map(SerialType::type).toList();
    }

    @Override
    public int available(MdevType type) {
        int ports = serialType(type).ports();
        portsLock.lock();
        try {
            return freePorts / ports;
        } finally {
            portsLock.unlock();
        }
    }

    @Override
    public MdevModel create(MdevType type, UUID uuid) {
        var serial = serialType(type);
        portsLock.lock();
        try {
            if (freePorts < serial.ports()) {
                throw new VfioException(
                        Errno.ENOSPC,
                        "create refused: " + uuid + " needs " + serial.ports() + " ports of " + name + ", " + freePorts
                                + " are free");
            }
            var device = new SerialDevice(serial, devices);
            made.add(device);
            freePorts -= serial.ports();
            return device;
        } finally {
            portsLock.unlock();
        }
    }

    @Override
    public void destroy(MdevModel model) {
        portsLock.lock();
        try {
            if (!(model instanceof SerialDevice device) || !made.remove(device)) {
                throw new IllegalArgumentException("not a device of " + name);
            }
            device.free();
            freePorts += device.type().ports();
        } finally {
            portsLock.unlock();
        }
    }

    @Override
    public void powerOff() {
        portsLock.lock();
        try {
            made.forEach(SerialDevice::free);
            made.clear();
        } finally {
            portsLock.unlock();
        }
    }

    private SerialType serialType(MdevType type) {
        return Arrays.stream(SerialType.values())
                .filter(serial -> serial.type().equals(type))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(name + " has no type " + type.name()));
    }
}
