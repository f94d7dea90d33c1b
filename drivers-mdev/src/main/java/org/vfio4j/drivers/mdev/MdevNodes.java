// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.mdev;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.mdev.MdevDevice;
import org.vfio4j.spi.mdev.MdevType;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Every UUID in use, over all parents (kernel: {@code mdev_list}). Thread-safe. Spec: mdev §4, §5. */
final class MdevNodes {
    /** The list lock: guards the map and the nodes' states. A leaf. */
    private final ReentrantLock listLock = new ReentrantLock();

    private final Map<UUID, MdevNode> nodes = new LinkedHashMap<>();

    /**
     * Reserves a UUID, and one of the parent's instances if it has a limit.
     *
     * @throws VfioException EEXIST when the UUID is in use, also by a device whose removal has not finished; EUSERS when all
     *     instances are
     */
    MdevNode reserve(UUID uuid, ParentGate gate) {
        listLock.lock();
        try {
            if (nodes.containsKey(uuid)) {
                throw new VfioException(
                        Errno.EEXIST, "create refused: there is a mediated device " + uuid + " already");
            }
            var most = gate.parent().maxInstances();
            if (most.isPresent() && left(gate, most.getAsInt()) == 0) {
                throw new VfioException(
                        Errno.EUSERS,
                        "create refused: all " + most.getAsInt() + " instances of "
                                + gate.parent().name() + " are in use");
            }
            var node = new MdevNode(uuid, gate);
            nodes.put(uuid, node);
            return node;
        } finally {
            listLock.unlock();
        }
    }

    /** How many devices of a type can still be made. */
    int available(ParentGate gate, MdevType type) {
        var most = gate.parent().maxInstances();
        if (most.isEmpty()) {
            return gate.parent().available(type);
        }
        listLock.lock();
        try {
            return left(gate, most.getAsInt());
        } finally {
            listLock.unlock();
        }
    }

    /** Instances left of a parent; every UUID reserved for it takes one. The list lock is held. */
    private int left(ParentGate gate, int most) {
        return most
                - (int) nodes.values().stream()
                        .filter(node -> node.gate() == gate)
                        .count();
    }

    /** The UUID, and the instance with it, is free again. */
    void release(MdevNode node) {
        listLock.lock();
        try {
            nodes.remove(node.uuid());
        } finally {
            listLock.unlock();
        }
    }

    /** Creation has put the device on the bus; it is not active yet. */
    void plugged(MdevNode node, MdevDevice device) {
        listLock.lock();
        try {
            node.device = device;
        } finally {
            listLock.unlock();
        }
    }

    /** Creation has succeeded. */
    void activate(MdevNode node) {
        listLock.lock();
        try {
            node.state = MdevNode.State.ACTIVE;
        } finally {
            listLock.unlock();
        }
    }

    /**
     * Finds a node whose removal may be tried.
     *
     * @throws VfioException ENODEV when the UUID is not in use, EAGAIN while it is being created
     */
    MdevNode removable(String uuid) {
        listLock.lock();
        try {
            var node = nodes.values().stream()
                    .filter(other -> other.uuid().toString().equalsIgnoreCase(uuid))
                    .findFirst()
                    .orElseThrow(() -> new VfioException(
                            Errno.ENODEV, "remove refused: there is no mediated device \"" + uuid + "\""));
            if (node.state == MdevNode.State.CREATING) {
                throw new VfioException(Errno.EAGAIN, "remove refused: " + uuid + " is still being created");
            }
            return node;
        } finally {
            listLock.unlock();
        }
    }

    /** Begins a removal; false when another thread has begun it already. */
    boolean beginRemoval(MdevNode node) {
        listLock.lock();
        try {
            if (node.state != MdevNode.State.ACTIVE || nodes.get(node.uuid()) != node) {
                return false;
            }
            node.state = MdevNode.State.REMOVING;
            return true;
        } finally {
            listLock.unlock();
        }
    }

    /** Active devices of a parent. */
    List<MdevNode> activeOf(ParentGate gate) {
        listLock.lock();
        try {
            return nodes.values().stream()
                    .filter(node -> node.gate() == gate && node.state == MdevNode.State.ACTIVE)
                    .toList();
        } finally {
            listLock.unlock();
        }
    }

    /** The node of a bus device. */
    Optional<MdevNode> of(BusDevice device) {
        listLock.lock();
        try {
            return nodes.values().stream().filter(node -> node.device == device).findFirst();
        } finally {
            listLock.unlock();
        }
    }

    /** Whether creation of a node is under way. */
    boolean creating(MdevNode node) {
        listLock.lock();
        try {
            return node.state == MdevNode.State.CREATING;
        } finally {
            listLock.unlock();
        }
    }
}
