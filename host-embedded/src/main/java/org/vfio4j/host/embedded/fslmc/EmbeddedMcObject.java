// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.fslmc;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.vfio4j.host.embedded.device.MachineSlot;
import org.vfio4j.host.embedded.device.TextAttribute;
import org.vfio4j.spi.fslmc.McObject;
import org.vfio4j.spi.fslmc.McRegion;
import org.vfio4j.spi.host.DeviceAttribute;
import org.vfio4j.spi.model.DeviceSlot;
import org.vfio4j.spi.model.ModelledDevice;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** An object of the machine's management complex. Its members and regions are complete before anybody else sees it. */
final class EmbeddedMcObject implements McObject, ModelledDevice {
    /** The native driver of containers. */
    static final String CONTAINER_DRIVER = "fsl_mc_dprc";

    private static final int PAGE_MASK = 0xfff;

    private final String type;
    private final int id;
    private final @Nullable EmbeddedMcObject container;
    private final MachineSlot slot;
    private final ManagementComplex complex;
    private final McInterrupts interrupts;
    private final McVectorPool pool;

    /** The host's side of this container's portal, or of the portal of the container this is in. */
    private final McHostSide hostSide;

    private final List<EmbeddedMcObject> members = new ArrayList<>();
    private final List<RegionModel> regions = new ArrayList<>();

    EmbeddedMcObject(
            String type,
            int id,
            int irqs,
            @Nullable EmbeddedMcObject container,
            MachineSlot slot,
            ManagementComplex complex) {
        this.type = type;
        this.id = id;
        this.container = container;
        this.slot = slot;
        this.complex = complex;
        if (container == null || type.equals("dprc")) {
            this.pool = new McVectorPool();
            this.hostSide = new McHostSide(this, complex);
        } else {
            this.pool = container.pool;
            this.hostSide = container.hostSide;
        }
        this.interrupts = new McInterrupts(pool, irqs);
        if (container != null) {
            container.members.add(this);
        }
        complex.add(this);
    }

    void add(RegionModel region) {
        regions.add(region);
    }

    List<EmbeddedMcObject> members() {
        return members;
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
        return switch (type) {
            case "dprc" -> complex.versions().major() | (complex.versions().minor() << 16);
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
        return List.copyOf(members);
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
    public DeviceSlot slot() {
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
        slot.bindNative(driver);
        if (isContainer()) {
            try {
                hostSide.openContainer();
            } catch (VfioException e) {
                slot.unbindNative();
                throw e;
            }
        }
    }

    @Override
    public void unbindNative() {
        slot.unbindNative();
        if (isContainer()) {
            hostSide.closeContainer();
        }
    }

    @Override
    public String toString() {
        return name();
    }
}
