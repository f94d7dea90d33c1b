// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.fslmc;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The firmware: carries out commands, one at a time. Objects are open under tokens that are good on one portal and for one
 * side, the host or the portal's user, so a user can open the container the host has open. Spec: fsl-mc §10.
 */
final class ManagementComplex {
    private static final int VENDOR = 0x1957;
    private static final int STATE_OPEN = 1;
    private static final int STATE_PLUGGED = 2;
    private static final int NOT_CONNECTED = -1;
    private static final int REVISION = 0;

    // Events of a container, as bits of its interrupt's status.
    private static final int OBJECT_ADDED = 0x01;
    private static final int OBJECT_REMOVED = 0x02;
    private static final int OBJECT_DESTROYED = 0x20;
    private static final int OBJECT_CREATED = 0x40;

    private final McVersions versions;

    /**
     * The firmware lock: guards everything here, and sessions. Taken after a portal's lock and before those of DMA engines
     * and interrupts; engines and interrupt handlers never take it.
     */
    private final ReentrantLock firmwareLock = new ReentrantLock();

    private final List<EmbeddedMcObject> objects = new ArrayList<>();

    /** What users have open, by portal. */
    private final List<McSession> userSessions = new ArrayList<>();

    private final Map<Order, McStatus> answers = new HashMap<>();
    private final Set<Integer> ignored = new HashSet<>();
    private IntConsumer tap = command -> {};

    private @Nullable Factory factory;

    ManagementComplex(McVersions versions) {
        this.versions = versions;
    }

    /** Makes objects at run time; called with the firmware lock held. */
    interface Factory {
        /** Makes an object with the regions of its type, known to nobody yet. */
        EmbeddedMcObject make(EmbeddedMcObject container, String type, int id, int irqs);
    }

    /** Commands that are answered without being carried out: all with an id, or those with a certain first parameter. */
    private record Order(int command, OptionalLong parameter) {}

    /** Who makes objects at run time. */
    void factory(Factory maker) {
        locked(() -> factory = maker);
    }

    McVersions versions() {
        return versions;
    }

    /** An object exists from now on. */
    void add(EmbeddedMcObject object) {
        locked(() -> {
            objects.add(object);
            var container = object.parent();
            if (container != null) {
                container.members().add(object);
            }
        });
    }

    /** An object exists no more; what was open of it is closed. */
    void remove(EmbeddedMcObject object) {
        locked(() -> {
            objects.remove(object);
            var container = object.parent();
            if (container != null) {
                container.members().remove(object);
            }
            userSessions.forEach(session -> session.forget(object));
        });
    }

    /** The object of a name that is directly inside a container. */
    @Nullable
    EmbeddedMcObject find(EmbeddedMcObject container, String name) {
        firmwareLock.lock();
        try {
            return container.members().stream()
                    .filter(object -> object.name().equals(name))
                    .findFirst()
                    .orElse(null);
        } finally {
            firmwareLock.unlock();
        }
    }

    /** Every object there is, wherever. */
    List<EmbeddedMcObject> objects() {
        firmwareLock.lock();
        try {
            return List.copyOf(objects);
        } finally {
            firmwareLock.unlock();
        }
    }

    /** Whether an object can be used. */
    boolean plugged(EmbeddedMcObject object) {
        firmwareLock.lock();
        try {
            return object.isPlugged();
        } finally {
            firmwareLock.unlock();
        }
    }

    /** Plugs or unplugs an object. */
    void plug(EmbeddedMcObject object, boolean usable) {
        locked(() -> {
            if (object.isPlugged() != usable) {
                object.plug(usable);
                happened(object.parent(), usable ? OBJECT_ADDED : OBJECT_REMOVED);
            }
        });
    }

    /** Tells a container's host of an event; the firmware lock is held. */
    private static void happened(@Nullable EmbeddedMcObject container, int cause) {
        if (container != null) {
            container.interrupts().raise(0, cause);
        }
    }

    /** A user's side of a portal is not used any more. */
    void remove(McSession session) {
        locked(() -> userSessions.remove(session));
    }

    void add(McSession session) {
        locked(() -> userSessions.add(session));
    }

    /**
     * From now on a command is answered with a status instead of being carried out; OK carries it out again.
     *
     * @param parameter the first word of parameters the command must have; empty for any
     */
    void answer(int command, OptionalLong parameter, McStatus status) {
        locked(() -> {
            var order = new Order(command, parameter);
            if (status == McStatus.OK) {
                answers.remove(order);
            } else {
                answers.put(order, status);
            }
        });
    }

    /** From now on a command is never answered, or is again. */
    void ignore(int command, boolean never) {
        locked(() -> {
            if (never) {
                ignored.add(command);
            } else {
                ignored.remove(command);
            }
        });
    }

    /** From now on somebody hears of every command before it is carried out; it must not call the firmware. */
    void tap(IntConsumer commands) {
        locked(() -> tap = commands);
    }

    private void locked(Runnable action) {
        firmwareLock.lock();
        try {
            action.run();
        } finally {
            firmwareLock.unlock();
        }
    }

    /**
     * Carries out a command.
     *
     * @param container whose objects the portal reaches
     * @param session what is open through it
     * @param words the command, replaced by the answer
     * @return false when there is no answer
     */
    boolean execute(EmbeddedMcObject container, McSession session, long[] words) {
        firmwareLock.lock();
        try {
            int id = McCommand.id(words[0]);
            tap.accept(id);
            if (ignored.contains(id)) {
                return false;
            }
            var forced = answers.get(new Order(id, OptionalLong.empty()));
            if (forced == null) {
                forced = answers.get(new Order(id, OptionalLong.of(words[1])));
            }
            var status = forced != null ? forced : carryOut(id, container, session, words);
            words[0] = McCommand.withStatus(words[0], status);
            return true;
        } finally {
            firmwareLock.unlock();
        }
    }

    private McStatus carryOut(int id, EmbeddedMcObject container, McSession session, long[] words) {
        switch (id) {
            case McCommand.MC_VERSION ->
                answer(words, pair(REVISION, versions.major()), Integer.toUnsignedLong(versions.minor()));
            case McCommand.CONTAINER_ID -> answer(words, container.id());
            default -> {
                if ((id & McCommand.FAMILY) == McCommand.API_VERSIONS) {
                    return apiVersion(id, words);
                }
                String type = McCommand.opens(id);
                return type.isEmpty() ? withToken(id, session, words) : open(container, session, type, words);
            }
        }
        return McStatus.OK;
    }

    /** Version of a type's interface; the containers' is the firmware's. */
    private McStatus apiVersion(int id, long[] words) {
        String type = McCommand.typeOf(id);
        if (type.isEmpty()) {
            return McStatus.UNSUPPORTED_OP;
        }
        answer(words, EmbeddedMcObject.version(type, versions));
        return McStatus.OK;
    }

    private McStatus open(EmbeddedMcObject container, McSession session, String type, long[] words) {
        var object = find(type, (int) words[1]);
        if (object == null) {
            return McStatus.CONFIG_ERR;
        }
        if (!container.reaches(object)) {
            return McStatus.NO_PRIVILEGE;
        }
        int token = session.open(object);
        if (token == 0) {
            return McStatus.BUSY;
        }
        words[0] = McCommand.withToken(words[0], token);
        return McStatus.OK;
    }

    private McStatus withToken(int id, McSession session, long[] words) {
        int token = McCommand.token(words[0]);
        var object = session.get(token);
        if (object == null) {
            return McStatus.AUTH_ERR;
        }
        return switch (id) {
            case McCommand.CLOSE -> {
                session.close(token);
                yield McStatus.OK;
            }
            case McCommand.RESET -> {
                if (object.isContainer()) {
                    yield resetContainer(object, (int) words[1], true);
                }
                reset(object);
                yield McStatus.OK;
            }
            case McCommand.IRQ_ENABLE, McCommand.IRQ_MASK, McCommand.IRQ_STATUS, McCommand.IRQ_CLEAR ->
                interrupt(id, object.interrupts(), words);
            default -> object.isContainer() ? ofContainer(id, object, words) : McStatus.UNSUPPORTED_OP;
        };
    }

    private static McStatus interrupt(int id, McInterrupts interrupts, long[] words) {
        int value = (int) words[1];
        int index = (int) (words[1] >>> 32) & 0xff;
        if (index >= interrupts.count()) {
            return McStatus.CONFIG_ERR;
        }
        switch (id) {
            case McCommand.IRQ_ENABLE -> interrupts.enable(index, (value & 1) != 0);
            case McCommand.IRQ_MASK -> interrupts.mask(index, value);
            case McCommand.IRQ_STATUS -> answer(words, interrupts.status(index));
            default -> interrupts.clear(index, value);
        }
        return McStatus.OK;
    }

    private McStatus ofContainer(int id, EmbeddedMcObject container, long[] words) {
        return switch (id) {
            case McCommand.RESET_CONTAINER ->
                versions.atLeast(6, 5)
                        ? resetContainer(container, (int) words[1], ((words[1] >>> 32) & McCommand.NON_RECURSIVE) == 0)
                        : McStatus.UNSUPPORTED_OP;
            case McCommand.DPRC_ATTRIBUTES -> {
                // The container's number doubles as its isolation context and its portal's number.
                answer(words, pair(container.id(), container.id()), pair(0, container.id()));
                yield McStatus.OK;
            }
            case McCommand.OBJECT_COUNT -> {
                answer(words, pair(0, container.members().size()));
                yield McStatus.OK;
            }
            case McCommand.OBJECT -> describe(container, (int) words[1], words);
            case McCommand.OBJECT_REGION_V1, McCommand.OBJECT_REGION_V2, McCommand.OBJECT_REGION_V3 ->
                id == versions.regionCommand() ? describeRegion(container, words) : McStatus.UNSUPPORTED_OP;
            case McCommand.ASSIGN -> assign(container, words, true);
            case McCommand.UNASSIGN -> assign(container, words, false);
            case McCommand.SET_DPRC_IRQ -> program(container, words);
            case McCommand.SET_OBJECT_IRQ -> {
                var object = reached(container, words, (int) (words[3] >>> 32), 4);
                yield object == null ? McStatus.CONFIG_ERR : program(object, words);
            }
            case McCommand.CONNECTION -> {
                answer(words, 0, 0, 0, 0, 0, 0, Integer.toUnsignedLong(NOT_CONNECTED));
                yield McStatus.OK;
            }
            default ->
                switch (id & McCommand.FAMILY) {
                    case McCommand.CREATIONS -> create(container, McCommand.typeOf(id), words);
                    case McCommand.DESTRUCTIONS -> destroy(container, McCommand.typeOf(id), (int) words[1]);
                    default -> McStatus.UNSUPPORTED_OP;
                };
        };
    }

    /** A new object, not plugged; containers would need isolation that the machine does not have to give. */
    private McStatus create(EmbeddedMcObject container, String type, long[] words) {
        var maker = factory;
        if (maker == null || type.isEmpty()) {
            return McStatus.UNSUPPORTED_OP;
        }
        if (type.equals("dprc")) {
            return McStatus.NO_RESOURCE;
        }
        int id = 0;
        while (find(type, id) != null) {
            id++;
        }
        var object = maker.make(container, type, id, McVersions.irqs(type));
        object.plug(false);
        add(object);
        happened(container, OBJECT_CREATED);
        answer(words, id);
        return McStatus.OK;
    }

    private McStatus destroy(EmbeddedMcObject container, String type, int id) {
        var object = find(type, id);
        if (object == null || object.isContainer()) {
            return McStatus.CONFIG_ERR;
        }
        if (!container.reaches(object)) {
            return McStatus.NO_PRIVILEGE;
        }
        var from = object.parent();
        remove(object);
        happened(from, OBJECT_DESTROYED);
        return McStatus.OK;
    }

    /**
     * Moves an object between a container and one directly inside, or plugs and unplugs it where it is. Moved, it is another
     * one in the place it comes to: what was open of it is closed.
     *
     * @param down from the container into the other one, else out of that one
     */
    private McStatus assign(EmbeddedMcObject container, long[] words, boolean down) {
        var other = find("dprc", (int) words[1]);
        var object = find(McCommand.name(words, 3), (int) (words[2] >>> 32));
        if (other == null || object == null || object.isContainer()) {
            return McStatus.CONFIG_ERR;
        }
        boolean usable = ((words[1] >>> 32) & McCommand.PLUGGED) != 0;
        if (other.equals(container) && down && container.equals(object.parent())) {
            plug(object, usable);
            return McStatus.OK;
        }
        var from = down ? container : other;
        var to = down ? other : container;
        var maker = factory;
        if (maker == null || !container.equals(other.parent()) || !from.equals(object.parent())) {
            return McStatus.NO_PRIVILEGE;
        }
        remove(object);
        var moved = maker.make(to, object.type(), object.id(), object.irqCount());
        moved.plug(usable);
        add(moved);
        happened(from, OBJECT_REMOVED);
        happened(to, OBJECT_ADDED);
        return McStatus.OK;
    }

    private McStatus resetContainer(EmbeddedMcObject from, int id, boolean recursive) {
        var container = find("dprc", id);
        if (container == null) {
            return McStatus.CONFIG_ERR;
        }
        if (!from.reaches(container)) {
            return McStatus.NO_PRIVILEGE;
        }
        resetChildren(container, recursive);
        return McStatus.OK;
    }

    private void resetChildren(EmbeddedMcObject container, boolean recursive) {
        for (var child : container.members()) {
            if (!child.isContainer()) {
                reset(child);
            } else if (recursive) {
                resetChildren(child, true);
            }
        }
    }

    /** What users had open is closed; the host keeps its tokens. */
    private void reset(EmbeddedMcObject object) {
        userSessions.forEach(session -> session.forget(object));
        object.resetState();
    }

    private McStatus describe(EmbeddedMcObject container, int index, long[] words) {
        var members = container.members();
        if (index < 0 || index >= members.size()) {
            return McStatus.CONFIG_ERR;
        }
        var object = members.get(index);
        int state = (object.isPlugged() ? STATE_PLUGGED : 0) | (isOpen(object) ? STATE_OPEN : 0);
        answer(
                words,
                pair(0, object.id()),
                pair(VENDOR | (object.irqCount() << 16) | (object.regions().size() << 24), state),
                object.version());
        McCommand.name(words, 4, object.type());
        McCommand.name(words, 6, "");
        return McStatus.OK;
    }

    private boolean isOpen(EmbeddedMcObject object) {
        return userSessions.stream().anyMatch(session -> session.tokenOf(object) != 0);
    }

    private McStatus describeRegion(EmbeddedMcObject container, long[] words) {
        int index = (int) (words[1] >>> 48) & 0xff;
        var object = reached(container, words, (int) words[1], 4);
        if (object == null || index >= object.regions().size()) {
            return McStatus.CONFIG_ERR;
        }
        var region = object.regions().get(index);
        int flags = (region.cacheable() ? 1 : 0) | (region.shareable() ? 2 : 0);
        int kind = switch (region.kind()) {
            case MC_PORTAL -> 0;
            case QBMAN_PORTAL -> 1;
        };
        boolean withBase = versions.regionCommand() != McCommand.OBJECT_REGION_V1;
        // From the second version on the address is split into a base and an offset.
        long base = withBase ? region.start() & 0xffff_ffff_0000_0000L : 0;
        answer(words, 0, region.start() - base, pair((int) region.size(), kind), Integer.toUnsignedLong(flags), base);
        return McStatus.OK;
    }

    private static McStatus program(EmbeddedMcObject object, long[] words) {
        int index = (int) (words[1] >>> 32) & 0xff;
        if (index >= object.irqCount()) {
            return McStatus.CONFIG_ERR;
        }
        object.interrupts().program(index, words[2], (int) words[1]);
        return McStatus.OK;
    }

    /** The object in a container that a command names. */
    private @Nullable EmbeddedMcObject reached(EmbeddedMcObject container, long[] words, int id, int nameAt) {
        var object = find(McCommand.name(words, nameAt), id);
        return object != null && container.reaches(object) ? object : null;
    }

    private @Nullable EmbeddedMcObject find(String type, int id) {
        for (var object : objects) {
            if (object.id() == id && object.type().equals(type)) {
                return object;
            }
        }
        return null;
    }

    private static long pair(int low, int high) {
        return Integer.toUnsignedLong(low) | ((long) high << 32);
    }

    /** Replaces the parameters; those not given are 0. */
    private static void answer(long[] words, long... parameters) {
        Arrays.fill(words, 1, words.length, 0);
        System.arraycopy(parameters, 0, words, 1, parameters.length);
    }
}
