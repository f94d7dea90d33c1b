// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.mdev;

import java.util.HashSet;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.spi.device.DriverEnvironment;
import org.vfio4j.spi.host.Bus;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.mdev.MdevBus;
import org.vfio4j.spi.mdev.MdevDevice;
import org.vfio4j.spi.mdev.MdevLifecycle;
import org.vfio4j.spi.mdev.MdevModel;
import org.vfio4j.spi.mdev.MdevParent;
import org.vfio4j.spi.mdev.MdevType;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * Creates and removes mediated devices and registers them with VFIO (kernel: the mdev core and an mdev driver). A device is
 * bound when it is created and never again: unbound, it can only be removed. Spec: mdev §1 to §6.
 *
 * <p>Order of locks: a parent's {@link ParentGate}, the core's device lock, the {@link MdevNodes} list lock.
 */
final class VfioMdevDriver implements MdevLifecycle {
    private static final Logger LOG = LoggerFactory.getLogger(VfioMdevDriver.class);

    private final DriverEnvironment environment;
    private final MdevNodes nodes = new MdevNodes();
    private final List<ParentGate> gates = new CopyOnWriteArrayList<>();

    /** Set once, before any device is created. */
    private volatile @Nullable MdevBus bus;

    VfioMdevDriver(DriverEnvironment environment) {
        this.environment = environment;
    }

    @Override
    public void attachBus(Bus found) {
        if (!(found instanceof MdevBus mdevBus)) {
            LOG.warn("bus {} has no parents for mediated devices", found.name());
            return;
        }
        bus = mdevBus;
        for (var parent : mdevBus.parents()) {
            try {
                register(parent);
            } catch (VfioException e) {
                LOG.warn("parent {} offers nothing: {}", parent.name(), e.getMessage());
            }
        }
        for (var wish : mdevBus.initialDevices()) {
            try {
                create(wish.parent(), wish.type(), wish.uuid().toString());
            } catch (VfioException e) {
                LOG.warn("mediated device {} is not there at start: {}", wish.uuid(), e.getMessage());
            }
        }
    }

    /**
     * Registers a parent (kernel: {@code mdev_register_driver} and {@code mdev_register_parent}). Spec: mdev §2.1, §2.2.
     *
     * @throws VfioException EINVAL when a type has no device API, EEXIST when two types have one name; nothing is registered
     *     then
     */
    void register(MdevParent parent) {
        var names = new HashSet<String>();
        for (var type : parent.types()) {
            if (type.deviceApi().isEmpty()) {
                throw new VfioException(
                        Errno.EINVAL,
                        "registration refused: type " + type.name() + " of " + parent.name() + " has no device API");
            }
            if (!names.add(type.name())) {
                throw new VfioException(
                        Errno.EEXIST,
                        "registration refused: parent " + parent.name() + " has two types \"" + type.name() + "\"");
            }
        }
        gates.add(new ParentGate(parent));
        parent.changed("MDEV_STATE=registered");
    }

    @Override
    public List<MdevParent> parents() {
        return gates.stream()
                .filter(ParentGate::registered)
                .map(ParentGate::parent)
                .toList();
    }

    @Override
    public BusDevice create(String parent, String type, String text) {
        var gate = gate(parent);
        var mdevType = type(gate, type);
        var node = nodes.reserve(MdevUuid.parse(text), gate);
        try {
            gate.enter("create");
            try {
                return make(node, mdevType);
            } finally {
                gate.leave();
            }
        } catch (RuntimeException e) {
            nodes.release(node);
            throw e;
        }
    }

    private MdevDevice make(MdevNode node, MdevType type) {
        var parent = node.gate().parent();
        var model = parent.create(type, node.uuid());
        try {
            return plug(node, type, model);
        } catch (RuntimeException e) {
            parent.destroy(model);
            throw e;
        }
    }

    private MdevDevice plug(MdevNode node, MdevType type, MdevModel model) {
        var here = bus();
        var device = here.add(node.gate().parent(), type, node.uuid(), model);
        nodes.plugged(node, device);
        try {
            environment.bind(device);
        } catch (RuntimeException e) {
            here.remove(device);
            throw e;
        }
        nodes.activate(node);
        return device;
    }

    @Override
    public void probe(BusDevice device) {
        var node = nodes.of(device)
                .filter(nodes::creating)
                .orElseThrow(() -> new VfioException(
                        Errno.ENODEV,
                        "bind refused: mediated device " + device.name()
                                + " is bound when it is created, never later"));
        var vfioDevice = MdevOps.allocate((MdevDevice) device, environment);
        try {
            var setKey = ((MdevDevice) device).model().deviceSetKey();
            if (setKey != null) {
                vfioDevice.assignDeviceSet(setKey);
            }
            vfioDevice.registerEmulated();
        } catch (RuntimeException e) {
            vfioDevice.put();
            throw e;
        }
        node.vfioDevice = vfioDevice;
    }

    @Override
    public void remove(BusDevice device) {
        var node = nodes.of(device).orElseThrow(() -> unknown(device));
        var vfioDevice = node.vfioDevice;
        if (vfioDevice == null) {
            throw unknown(device);
        }
        vfioDevice.unregister();
        node.vfioDevice = null;
        vfioDevice.put();
    }

    private static VfioException unknown(BusDevice device) {
        return new VfioException(Errno.ENODEV, "driver " + VfioMdevProvider.NAME + " does not have " + device.name());
    }

    @Override
    public void remove(String uuid) {
        var node = nodes.removable(uuid);
        node.gate().enter("remove");
        try {
            if (nodes.beginRemoval(node)) {
                unplug(node);
            }
        } finally {
            node.gate().leave();
        }
    }

    /** Takes a device apart whose removal this thread has begun; its UUID and ports are free when this returns. */
    private void unplug(MdevNode node) {
        var device = node.device;
        if (device == null) {
            throw new IllegalStateException(node.uuid() + " was never plugged");
        }
        // Nobody finds it any more, while files that are open keep working.
        bus().remove(device);
        try {
            environment.unbind(device);
        } catch (VfioException e) {
            // Unbound by somebody else before: only the node was left.
            LOG.debug("{} had no driver when it was removed: {}", node.uuid(), e.getMessage());
        }
        node.gate().parent().destroy(device.model());
        nodes.release(node);
    }

    @Override
    public List<TypeView> types() {
        return gates.stream()
                .filter(ParentGate::registered)
                .flatMap(gate -> gate.parent().types().stream()
                        .map(type -> new TypeView(gate.parent().name(), type, nodes.available(gate, type))))
                .toList();
    }

    /** Unregisters the parents: no device is created any more, and those there are are removed. */
    @Override
    public void close() {
        gates.forEach(this::unregister);
    }

    private void unregister(ParentGate gate) {
        boolean shut = gate.shut(
                () -> nodes.activeOf(gate).stream().filter(nodes::beginRemoval).forEach(this::unplug));
        if (shut) {
            gate.parent().changed("MDEV_STATE=unregistered");
        }
    }

    private ParentGate gate(String parent) {
        return gates.stream()
                .filter(gate -> gate.parent().name().equals(parent))
                .findFirst()
                .orElseThrow(() -> new VfioException(
                        Errno.ENOENT,
                        "create refused: there is no parent \"" + parent + "\"; known: "
                                + gates.stream()
                                        .map(gate -> gate.parent().name())
                                        .toList()));
    }

    private static MdevType type(ParentGate gate, String type) {
        var types = gate.parent().types();
        return types.stream()
                .filter(known -> known.name().equals(type))
                .findFirst()
                .orElseThrow(() -> new VfioException(
                        Errno.ENOENT,
                        "create refused: parent " + gate.parent().name() + " has no type \"" + type + "\"; known: "
                                + types.stream().map(MdevType::name).toList()));
    }

    private MdevBus bus() {
        var found = bus;
        if (found == null) {
            throw new IllegalStateException("there is no mdev bus");
        }
        return found;
    }
}
