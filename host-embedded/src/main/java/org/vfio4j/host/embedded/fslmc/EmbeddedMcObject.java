// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.fslmc;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.vfio4j.host.embedded.device.MachineSlot;
import org.vfio4j.host.embedded.device.TextAttribute;
import org.vfio4j.spi.fslmc.McObject;
import org.vfio4j.spi.fslmc.McRegion;
import org.vfio4j.spi.host.DeviceAttribute;
import org.vfio4j.spi.model.ModelledDevice;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * An object of the machine's management complex: what the firmware has, and, once its container has been scanned, a device
 * on the bus. Its regions are complete before anybody else sees it.
 */
final class EmbeddedMcObject implements McObject, ModelledDevice {
    /** The native driver of containers. */
    static final String CONTAINER_DRIVER = "fsl_mc_dprc";

    private static final int PAGE_MASK = 0xfff;

    private final String type;
    private final int id;
    private final @Nullable EmbeddedMcObject container;
    private final MachineSlot slot;
    private final ManagementComplex complex;
    private final McScanner scanner;
    private final McInterrupts interrupts;
    private final McVectorPool pool;

    /** The host's side of this container's portal, or of the portal of the container this is in. */
    private final McHostSide hostSide;

    /** Objects directly inside this container; guarded by the firmware lock. */
    private final List<EmbeddedMcObject> members = new ArrayList<>();

    private final List<RegionModel> regions = new ArrayList<>();

    /** Whether it can be used; guarded by the firmware lock. */
    private boolean plugged = true;

    /**
     * Held while this container is scanned and while what is inside goes (kernel: {@code scan_mutex}): after the container's
     * device lock in the core, before those of its children and before the firmware lock.
     */
    final ReentrantLock scanLock = new ReentrantLock();

    /** Whether its driver has looked inside; guarded by {@link #scanLock}. */
    boolean scanned;

    /** Members that are on the bus; changed under {@link #scanLock}. */
    final CopyOnWriteArrayList<EmbeddedMcObject> present = new CopyOnWriteArrayList<>();

    /** Whether it was plugged when its container was scanned last; changed under the container's scan lock. */
    volatile boolean seenPlugged = true;

    /** Who has the portal of this container; empty for nobody. */
    private final AtomicReference<String> portalOwner = new AtomicReference<>("");

    EmbeddedMcObject(
            String type,
            int id,
            int irqs,
            @Nullable EmbeddedMcObject container,
            MachineSlot slot,
            ManagementComplex complex,
            McScanner scanner) {
        this.type = type;
        this.id = id;
        this.container = container;
        this.slot = slot;
        this.complex = complex;
        this.scanner = scanner;
        if (container == null || type.equals("dprc")) {
            this.pool = new McVectorPool();
            this.hostSide = new McHostSide(this, complex);
        } else {
            this.pool = container.pool;
            this.hostSide = container.hostSide;
        }
        this.interrupts = new McInterrupts(pool, irqs);
    }

    void add(RegionModel region) {
        regions.add(region);
    }

    /** What is directly inside; the firmware lock is held. */
    List<EmbeddedMcObject> members() {
        return members;
    }

    /** Whether it can be used; the firmware lock is held. */
    boolean isPlugged() {
        return plugged;
    }

    /** It can be used from now on, or cannot any more; the firmware lock is held. */
    void plug(boolean usable) {
        plugged = usable;
    }

    /** The container it is in; null for the root. */
    @Nullable
    EmbeddedMcObject parent() {
        return container;
    }

    /** The host's side of this container's portal. */
    McHostSide hostSide() {
        return hostSide;
    }

    McInterrupts interrupts() {
        return interrupts;
    }

    McVectorPool pool() {
        return pool;
    }

    /** Whether a portal of this container gets at an object: itself and everything below. */
    boolean reaches(EmbeddedMcObject object) {
        for (var at = object; at != null; at = at.container) {
            if (at.equals(this)) {
                return true;
            }
        }
        return false;
    }

    /** Major and minor number of the type's interface, as two halves of 16 bits. */
    int version() {
        return version(type, complex.versions());
    }

    /** The same of any object of a type. */
    static int version(String type, McVersions firmware) {
        return switch (type) {
            case "dprc" -> firmware.major() | (firmware.minor() << 16);
            // Before its fourth version dpseci could not use shareable memory.
            case "dpseci" -> 3;
            default -> 8;
        };
    }

    /** Back to the state after power-on; called by the firmware. */
    void resetState() {
        regions.forEach(RegionModel::reset);
        interrupts.reset();
    }

    @Override
    public String type() {
        return type;
    }

    @Override
    public int id() {
        return id;
    }

    @Override
    public @Nullable McObject container() {
        return container;
    }

    @Override
    public List<McObject> children() {
        return List.copyOf(present);
    }

    @Override
    public void claimPortal() {
        claimPortal("a driver");
    }

    /** See {@link McObject#claimPortal()}; a refusal names the owner. */
    void claimPortal(String owner) {
        if (!portalOwner.compareAndSet("", owner)) {
            throw new VfioException(
                    Errno.EBUSY, "the command portal of " + name() + " is refused: " + portalOwner.get() + " has it");
        }
    }

    @Override
    public void releasePortal() {
        portalOwner.set("");
    }

    @Override
    public void scan() {
        scanner.scan(this);
    }

    @Override
    public void removeChildren() {
        scanner.removeChildren(this);
    }

    @Override
    public int irqCount() {
        return interrupts.count();
    }

    @Override
    public List<McRegion> regions() {
        return regions.stream().map(RegionModel::region).toList();
    }

    @Override
    public long readRegion(int index, long offset) {
        return region(index, offset).memory().get(offset);
    }

    @Override
    public void writeRegion(int index, long offset, long value) {
        region(index, offset).write(offset, value);
    }

    private RegionModel region(int index, long offset) {
        var region = regions.get(index);
        Objects.checkFromIndexSize(offset, Long.BYTES, region.region().size());
        return region;
    }

    @Override
    public @Nullable MemorySegment regionMemory(int index) {
        var model = regions.get(index);
        var region = model.region();
        boolean pages = (region.start() & PAGE_MASK) == 0 && (region.size() & PAGE_MASK) == 0;
        return pages && !isContainer() ? model.memory().segment() : null;
    }

    @Override
    public void sendCommand(long[] command) {
        hostSide.send(command);
    }

    @Override
    public void enableIrqs(IntConsumer handler) {
        hostSide.program(this, interrupts.connect(handler));
    }

    @Override
    public void disableIrqs() {
        interrupts.disconnect();
    }

    @Override
    public MachineSlot slot() {
        return slot;
    }

    @Override
    public String busName() {
        return McBus.NAME;
    }

    @Override
    public String description() {
        return switch (type) {
            case "dprc" -> "resource container";
            case "dpni" -> "network interface";
            case "dpio" -> "queue-manager I/O portals";
            case "dpsw" -> "switch";
            case "dpbp" -> "buffer pool";
            case "dpcon" -> "concentrator";
            case "dpmcp" -> "command portal";
            case "dpmac" -> "Ethernet MAC";
            case "dprtc" -> "real-time clock";
            case "dpseci" -> "crypto interface";
            case "dpdmux" -> "demultiplexer";
            case "dpdcei" -> "compression interface";
            case "dpaiop" -> "I/O processor";
            case "dpci" -> "communication interface";
            case "dpdmai" -> "DMA interface";
            default -> "debug interface";
        };
    }

    /** Spec: fsl-mc §2.1. */
    @Override
    public Map<String, DeviceAttribute> attributes() {
        String modalias = "fsl-mc:v00001957d" + type;
        return Map.of(
                "modalias",
                TextAttribute.line(() -> modalias),
                "uevent",
                new TextAttribute(0644, () -> "MODALIAS=" + modalias + "\n", text -> {}));
    }

    @Override
    public void bindNative(String driver) {
        if (isContainer() != driver.equals(CONTAINER_DRIVER)) {
            throw new VfioException(
                    Errno.ENODEV, "bind refused: native driver " + driver + " does not take objects like " + name());
        }
        if (!complex.plugged(this)) {
            throw new VfioException(
                    Errno.ENODEV,
                    "bind refused: " + name() + " is not plugged, native driver " + driver + " cannot use it");
        }
        slot.bindNative(driver);
        if (isContainer()) {
            try {
                takeNatively(driver);
            } catch (VfioException e) {
                slot.unbindNative();
                throw e;
            }
        }
    }

    /** The bus' own driver of containers takes this one: opens it, looks inside and listens to its events. */
    private void takeNatively(String driver) {
        claimPortal(driver);
        try {
            hostSide.openContainer();
            try {
                scan();
                hostSide.program(this, interrupts.connect(event -> scanner.changed(this)));
            } catch (VfioException e) {
                removeChildren();
                hostSide.closeContainer();
                throw e;
            }
        } catch (VfioException e) {
            releasePortal();
            throw e;
        }
    }

    @Override
    public void unbindNative() {
        if (isContainer() && slot.nativeDriver().isPresent()) {
            interrupts.disconnect();
            removeChildren();
            hostSide.closeContainer();
            releasePortal();
        }
        slot.unbindNative();
    }

    @Override
    public String toString() {
        return name();
    }
}
