// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.fslmc;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.spi.host.Bus;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * What of the firmware's objects is on the bus: a container is looked into by its commands, and what was found comes, goes,
 * is plugged and unplugged (kernel: {@code drivers/bus/fsl-mc/dprc-driver.c}). Thread-safe. Spec: fsl-mc §2.3, §2.4.
 */
final class McScanner implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(McScanner.class);

    /** Types others need, which are therefore added first. */
    private static final Set<String> ALLOCATABLE = Set.of("dpmcp", "dpcon", "dpbp");

    private final ManagementComplex complex;
    private final PhysicalMemory memory;
    private final CopyOnWriteArrayList<BusDevice> onBus = new CopyOnWriteArrayList<>();
    private final CopyOnWriteArrayList<Bus.Listener> listeners = new CopyOnWriteArrayList<>();

    /** Where containers are looked into after their events, which come at times when nobody may wait; started with the first. */
    private final ExecutorService afterEvents = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().daemon().name("fsl-mc-scan").factory());

    McScanner(ManagementComplex complex, PhysicalMemory memory) {
        this.complex = complex;
        this.memory = memory;
    }

    /** What is on the bus now. */
    List<BusDevice> devices() {
        return List.copyOf(onBus);
    }

    AutoCloseable listen(Bus.Listener listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    /** The root container is there when the machine starts. */
    void addRoot(EmbeddedMcObject root) {
        root.slot().install(root, () -> true, memory);
        onBus.add(root);
    }

    /** The first look into a container that its driver has opened; see {@link EmbeddedMcObject#scan}. */
    void scan(EmbeddedMcObject container) {
        container.scanLock.lock();
        try {
            look(container);
            container.scanned = true;
        } finally {
            container.scanLock.unlock();
        }
    }

    /** Looks again into a container and those below, as far as their drivers looked before. */
    void rescan(EmbeddedMcObject container) {
        lookAgain(container);
        container.present.stream().filter(EmbeddedMcObject::isContainer).forEach(this::rescan);
    }

    private void lookAgain(EmbeddedMcObject container) {
        container.scanLock.lock();
        try {
            if (container.scanned) {
                look(container);
            }
        } catch (VfioException e) {
            LOG.warn("{} keeps what it showed: {}", container.name(), e.getMessage());
        } finally {
            container.scanLock.unlock();
        }
    }

    /** Something happened in a container that the bus' own driver has; it is looked into soon. Does not wait. */
    void changed(EmbeddedMcObject container) {
        try {
            afterEvents.execute(() -> lookAgain(container));
        } catch (RejectedExecutionException e) {
            LOG.debug("{} changed while the machine was switched off", container.name());
        }
    }

    @Override
    public void close() {
        afterEvents.shutdownNow();
    }

    /** Takes everything inside off the bus. */
    void removeChildren(EmbeddedMcObject container) {
        container.scanLock.lock();
        try {
            container.scanned = false;
            container.present.reversed().forEach(child -> remove(container, child));
        } finally {
            container.scanLock.unlock();
        }
    }

    /** Its scan lock is held. */
    private void look(EmbeddedMcObject container) {
        var found = describe(container);
        container.present.reversed().stream()
                .filter(child -> !found.contains(child))
                .forEach(child -> remove(container, child));
        for (boolean first : new boolean[] {true, false}) {
            for (var object : found) {
                if (ALLOCATABLE.contains(object.type()) == first) {
                    if (container.present.contains(object)) {
                        follow(object);
                    } else {
                        add(container, object);
                    }
                }
            }
        }
    }

    /** The objects the firmware tells of; one it does not describe is left out. */
    private List<EmbeddedMcObject> describe(EmbeddedMcObject container) {
        int count = container.hostSide().objectCount();
        List<EmbeddedMcObject> found = new ArrayList<>(count);
        for (int index = 0; index < count; index++) {
            try {
                String name = container.hostSide().objectName(index);
                var object = complex.find(container, name);
                if (object != null) {
                    found.add(object);
                }
            } catch (VfioException e) {
                LOG.warn("{}: object {} is left out: {}", container.name(), index, e.getMessage());
            }
        }
        return found;
    }

    private void add(EmbeddedMcObject container, EmbeddedMcObject object) {
        var refusal = refusal(object);
        if (refusal != null) {
            LOG.warn("{} is left out: {}", object.name(), refusal.getMessage());
            return;
        }
        object.seenPlugged = complex.plugged(object);
        object.slot().install(object, () -> true, memory);
        container.present.add(object);
        onBus.add(object);
        listeners.forEach(listener -> listener.added(object));
    }

    /** Objects of unknown types, and of types that cannot have the regions they claim, are no devices. Spec: fsl-mc §1.4, §1.5. */
    private static @Nullable VfioException refusal(EmbeddedMcObject object) {
        if (!McVersions.TYPES.contains(object.type())) {
            return new VfioException(Errno.ENODEV, "type " + object.type() + " is unknown");
        }
        boolean withRegions = switch (object.type()) {
            case "dprc", "dpmcp", "dpio" -> true;
            default -> object.regions().isEmpty();
        };
        return withRegions
                ? null
                : new VfioException(
                        Errno.EINVAL,
                        "objects of type " + object.type() + " have no regions, this one claims "
                                + object.regions().size());
    }

    /** The object may have been plugged or unplugged since the last look. */
    private void follow(EmbeddedMcObject object) {
        boolean plugged = complex.plugged(object);
        if (plugged != object.seenPlugged) {
            object.seenPlugged = plugged;
            if (plugged) {
                listeners.forEach(listener -> listener.plugged(object));
            } else {
                listeners.forEach(listener -> listener.unplugged(object));
            }
        }
    }

    private void remove(EmbeddedMcObject container, EmbeddedMcObject object) {
        listeners.forEach(listener -> listener.removing(object));
        if (object.nativeDriver().isPresent()) {
            // Nobody above heard of it.
            object.unbindNative();
        }
        onBus.remove(object);
        container.present.remove(object);
        listeners.forEach(listener -> listener.removed(object));
        object.slot().uninstall();
    }
}
