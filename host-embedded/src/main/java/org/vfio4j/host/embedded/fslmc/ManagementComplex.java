// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.fslmc;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
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

    private final McVersions versions;

    /**
     * The firmware lock: guards everything here, and sessions. Taken after a portal's lock and before those of DMA engines
     * and interrupts; engines and interrupt handlers never take it.
     */
    private final ReentrantLock firmwareLock = new ReentrantLock();

    private final List<EmbeddedMcObject> objects = new ArrayList<>();

    /** What users have open, by portal. */
    private final List<McSession> userSessions = new ArrayList<>();

    private final Map<Integer, McStatus> answers = new HashMap<>();
    private final Set<Integer> ignored = new HashSet<>();
    private IntConsumer tap = command -> {};

    ManagementComplex(McVersions versions) {
        this.versions = versions;
    }

    McVersions versions() {
        return versions;
    }

    void add(EmbeddedMcObject object) {
        locked(() -> objects.add(object));
    }

    void add(McSession session) {
        locked(() -> userSessions.add(session));
    }

    /** From now on a command is answered with a status instead of being carried out; OK carries it out again. */
    void answer(int command, McStatus status) {
        locked(() -> {
            if (status == McStatus.OK) {
                answers.remove(command);
            } else {
                answers.put(command, status);
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
            var forced = answers.get(id);
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
            case McCommand.DPRC_API_VERSION -> answer(words, versions.major() | (versions.minor() << 16));
            default -> {
                String type = McCommand.opens(id);
                return type.isEmpty() ? withToken(id, session, words) : open(container, session, type, words);
            }
        }
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
                answer(words, pair(0, container.children().size()));
                yield McStatus.OK;
            }
            case McCommand.OBJECT -> describe(container, (int) words[1], words);
            case McCommand.OBJECT_REGION_V1, McCommand.OBJECT_REGION_V2, McCommand.OBJECT_REGION_V3 ->
                id == versions.regionCommand() ? describeRegion(container, words) : McStatus.UNSUPPORTED_OP;
            case McCommand.SET_DPRC_IRQ -> program(container, words);
            case McCommand.SET_OBJECT_IRQ -> {
                var object = reached(container, words, (int) (words[3] >>> 32), 4);
                yield object == null ? McStatus.CONFIG_ERR : program(object, words);
            }
            case McCommand.CONNECTION -> {
                answer(words, 0, 0, 0, 0, 0, 0, Integer.toUnsignedLong(NOT_CONNECTED));
                yield McStatus.OK;
            }
            default -> McStatus.UNSUPPORTED_OP;
        };
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
        int state = STATE_PLUGGED | (isOpen(object) ? STATE_OPEN : 0);
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
