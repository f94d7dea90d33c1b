// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.pci;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.pci.PciBus;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** A bus of the machine. What is on it changes only by virtual functions that come and go. Thread-safe. */
public final class PciBusNode implements PciBus {
    private final int segment;
    private final int number;
    private final @Nullable EmbeddedFunction bridge;

    /** Held while {@link #functions} changes; a leaf. */
    private final ReentrantLock functionsLock = new ReentrantLock();

    /** In address order; replaced as a whole. */
    private volatile List<EmbeddedFunction> functions = List.of();

    private final HotPlugSlot slot = new HotPlugSlot(this);

    /**
     * An empty bus.
     *
     * @param bridge the function above it; null makes it a root bus
     */
    public PciBusNode(int segment, int number, @Nullable EmbeddedFunction bridge) {
        this.segment = segment;
        this.number = number;
        this.bridge = bridge;
        if (bridge != null) {
            bridge.leadTo(this);
        }
    }

    void add(EmbeddedFunction function) {
        change(all -> {
            all.add(function);
            all.sort(Comparator.comparing(EmbeddedFunction::address));
        });
    }

    void remove(EmbeddedFunction function) {
        change(all -> all.remove(function));
    }

    private void change(Consumer<List<EmbeddedFunction>> change) {
        functionsLock.lock();
        try {
            var all = new ArrayList<>(functions);
            change.accept(all);
            functions = List.copyOf(all);
        } finally {
            functionsLock.unlock();
        }
    }

    /** The function above; null on a root bus. */
    @Nullable
    EmbeddedFunction bridge() {
        return bridge;
    }

    /** Path of the bus itself below {@code /sys}. */
    public String sysfsPath() {
        return bridge == null ? String.format("/devices/pci%04x:%02x", segment, number) : bridge.sysfsPath();
    }

    @Override
    public int number() {
        return number;
    }

    @Override
    public boolean root() {
        return bridge == null;
    }

    @Override
    public List<PciFunction> functions() {
        return List.copyOf(functions);
    }

    /** The slot the functions are in, if its bridge resets it. */
    @Nullable
    HotPlugSlot resettableSlot() {
        return bridge != null && bridge.resetsSlot() && nothingForbidsReset(bridge) ? slot : null;
    }

    @Override
    public boolean resettable() {
        return bridge != null && nothingForbidsReset(bridge);
    }

    private boolean nothingForbidsReset(EmbeddedFunction above) {
        return above.busResetAllowed() && withBelow().stream().allMatch(EmbeddedFunction::busResetAllowed);
    }

    /** The functions, each followed by those below it. */
    List<EmbeddedFunction> withBelow() {
        var all = new ArrayList<EmbeddedFunction>();
        functions.forEach(function -> all.addAll(function.withBelow()));
        return all;
    }

    @Override
    public List<PciFunction> affected() {
        return List.copyOf(withBelow());
    }

    @Override
    public void reset() {
        if (!resettable()) {
            throw new VfioException(Errno.ENOTTY, "reset refused: nothing can reset " + this);
        }
        FunctionReset.all(withBelow(), toString());
    }

    /** The bus as {@code /sys/class/pci_bus} names it. */
    @Override
    public String toString() {
        return String.format("bus %04x:%02x", segment, number);
    }
}
