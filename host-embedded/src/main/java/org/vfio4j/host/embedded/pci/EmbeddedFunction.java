// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.pci;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.vfio4j.host.embedded.device.MachineSlot;
import org.vfio4j.spi.host.DeviceAttribute;
import org.vfio4j.spi.memory.FileRange;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.spi.model.ModelledDevice;
import org.vfio4j.spi.pci.MappableArea;
import org.vfio4j.spi.pci.PciAddress;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.spi.pci.PciResource;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * A function of the machine: configuration registers, decoding, interrupts, power and reset around a model of what the
 * device does. Spec: pci §21.
 */
public final class EmbeddedFunction implements PciFunction, ModelledDevice, AutoCloseable {
    private static final int PM_CONTROL = 4;
    private static final int PM_NO_SOFT_RESET = 0x8;
    private static final int PM_D1 = 0x200;
    private static final int PM_D2 = 0x400;

    private final FunctionPlan plan;
    private final MachineSlot slot;
    private final PciBusNode bus;
    private final FunctionInterrupts interrupts;
    private final FunctionModel model;
    private final int powerAt;
    private final int messagesAt;
    private final int extendedMessagesAt;
    private final ResetBits resetBits;

    /** The function whose SR-IOV capability has the addresses, ids and decoding of this one; null when this is no virtual one. */
    private final @Nullable EmbeddedFunction physical;

    /** Held through a reset, tried by another one; before {@link #configLock}. */
    private final ReentrantLock resetLock = new ReentrantLock();

    /** Guards {@link #config}; before the model's and the interrupts' locks. */
    private final ReentrantLock configLock = new ReentrantLock();

    private final ConfigSpace config;

    /** Bit per register whose addresses a driver has requested. */
    private final AtomicInteger requested = new AtomicInteger();

    /** COMMAND as it acts now: 0 while the function is not in D0. Read by every register access and transfer. */
    private volatile int command;

    private @Nullable PciBusNode secondary;

    /** Set once, before anybody uses the function. */
    private @Nullable VirtualFunctions virtualFunctions;

    /** Whether a virtual function has been disabled. */
    private volatile boolean gone;

    /** Whether a reset of the bus, as a function on it or as the bridge above, is allowed. */
    private volatile boolean busResetAllowed = true;

    /** Reset methods an administrator chose; null for all that are supported. */
    private volatile @Nullable List<String> chosenResets;

    /** Held while {@link #attributes} are made; a leaf. */
    private final ReentrantLock attributesLock = new ReentrantLock();

    /** Made when first asked for: they depend on the finished topology. */
    private volatile @Nullable Map<String, DeviceAttribute> attributes;

    /** Puts a function on a bus and into its slot. */
    public EmbeddedFunction(FunctionPlan plan, MachineSlot slot, PciBusNode bus, PhysicalMemory memory) {
        this(plan, slot, bus, memory, null);
    }

    /**
     * Puts a function on a bus and into its slot.
     *
     * @param physical not null makes it a virtual function
     */
    public EmbeddedFunction(
            FunctionPlan plan,
            MachineSlot slot,
            PciBusNode bus,
            PhysicalMemory memory,
            @Nullable EmbeddedFunction physical) {
        this.plan = plan;
        this.slot = slot;
        this.bus = bus;
        this.physical = physical;
        var content = plan.config();
        var masks = new RegisterMasks(content, plan.resources(), physical != null);
        this.config = new ConfigSpace(content, masks.writable, masks.clearable);
        this.powerAt = CapabilityList.find(content, CapabilityList.PM);
        this.messagesAt = CapabilityList.find(content, CapabilityList.MSI);
        this.extendedMessagesAt = CapabilityList.find(content, CapabilityList.MSI_X);
        this.resetBits = ResetBits.of(content);
        this.interrupts = new FunctionInterrupts(slot.name());
        this.model = plan.model().create(interrupts, slot);
        applyConfiguration();
        bus.add(this);
        slot.install(this, () -> (command & ConfigSpace.COMMAND_MASTER) != 0, memory);
    }

    /**
     * Says how its virtual functions are made; a function with SR-IOV capability is told once, before anybody uses it.
     *
     * @param factory null when the machine cannot make any
     */
    public void offerVirtualFunctions(@Nullable VirtualFunctionFactory factory, PciTopology topology) {
        int at = CapabilityList.findExtended(plan.config(), SriovCapability.ID);
        if (at != 0) {
            virtualFunctions = new VirtualFunctions(this, at, factory, topology);
        }
    }

    /** A virtual function is no more: its registers read all ones, it is on no bus and in no group. Nobody uses it. */
    public void vanish() {
        gone = true;
        bus.remove(this);
        model.close();
        slot.uninstall();
    }

    void leadTo(PciBusNode below) {
        secondary = below;
    }

    /** The function and all that is below it. */
    List<EmbeddedFunction> withBelow() {
        var below = secondary;
        if (below == null) {
            return List.of(this);
        }
        var all = new ArrayList<EmbeddedFunction>(List.of(this));
        all.addAll(below.withBelow());
        return all;
    }

    /** Says that the function does not survive a reset of its bus (kernel: {@code PCI_DEV_FLAGS_NO_BUS_RESET}). */
    public void forbidBusReset() {
        busResetAllowed = false;
    }

    boolean busResetAllowed() {
        return busResetAllowed;
    }

    /** Whether this is a bridge that resets the slot below it. */
    boolean resetsSlot() {
        return plan.slotReset();
    }

    @Override
    public MachineSlot slot() {
        return slot;
    }

    @Override
    public String busName() {
        return "pci";
    }

    @Override
    public String description() {
        return plan.description();
    }

    @Override
    public Map<String, DeviceAttribute> attributes() {
        var known = attributes;
        return known != null ? known : makeAttributes();
    }

    /** Some of them remember what was written, so there is one set. */
    private Map<String, DeviceAttribute> makeAttributes() {
        attributesLock.lock();
        try {
            var known = attributes;
            if (known == null) {
                known = FunctionSysfs.of(this, plan);
                attributes = known;
            }
            return known;
        } finally {
            attributesLock.unlock();
        }
    }

    /** Whether a driver has the function or its registers. */
    boolean inUse() {
        return requested.get() != 0 || slot.nativeDriver().isPresent();
    }

    /** Whether the function is in D3hot. */
    boolean asleep() {
        configLock.lock();
        try {
            return powerState() == 3;
        } finally {
            configLock.unlock();
        }
    }

    @Override
    public PciAddress address() {
        return plan.address();
    }

    @Override
    public int vendorId() {
        return physical == null ? readConfig(ConfigSpace.VENDOR, 2) : physical.vendorId();
    }

    @Override
    public int deviceId() {
        var sriov = physical == null ? null : physical.sriov();
        return sriov == null ? readConfig(ConfigSpace.DEVICE, 2) : sriov.vfDevice();
    }

    @Override
    public int configSize() {
        return config.size();
    }

    @Override
    public int readConfig(int offset, int size) {
        checkConfigAccess(offset, size);
        if (gone) {
            return -1 >>> (32 - 8 * size);
        }
        configLock.lock();
        try {
            int value = config.read(offset, size);
            if (physical == null
                    && interrupts.pending()
                    && offset <= ConfigSpace.STATUS
                    && ConfigSpace.STATUS < offset + size) {
                value |= ConfigSpace.STATUS_INTERRUPT << (8 * (ConfigSpace.STATUS - offset));
            }
            return value;
        } finally {
            configLock.unlock();
        }
    }

    @Override
    public void writeConfig(int offset, int size, int value) {
        checkConfigAccess(offset, size);
        if (gone) {
            return;
        }
        configLock.lock();
        try {
            int powerBefore = powerState();
            config.write(offset, size, value);
            if (powerAt != 0) {
                changePower(powerBefore);
            }
            if (resetBits.set(offset, size, value)) {
                model.reset();
                config.reset();
            }
            applyConfiguration();
        } finally {
            configLock.unlock();
        }
        interrupts.deliverLine();
    }

    private void checkConfigAccess(int offset, int size) {
        if (offset < 0
                || (size != 1 && size != 2 && size != 4)
                || offset % size != 0
                || offset + size > config.size()) {
            throw new IllegalArgumentException(name() + ": no access of " + size + " bytes at 0x"
                    + Integer.toHexString(offset) + " in configuration space of " + config.size() + " bytes");
        }
    }

    private int powerState() {
        return powerAt == 0 ? 0 : config.read(powerAt + PM_CONTROL, 2) & 0x3;
    }

    /** The state register was possibly written: refuse states there are not, lose everything on the way out of D3hot. */
    private void changePower(int before) {
        int state = powerState();
        int offered = config.read(powerAt + 2, 2);
        if ((state == 1 && (offered & PM_D1) == 0) || (state == 2 && (offered & PM_D2) == 0)) {
            config.set(powerAt + PM_CONTROL, 2, before, 0x3);
        } else if (before == 3 && state == 0 && (config.read(powerAt + PM_CONTROL, 2) & PM_NO_SOFT_RESET) == 0) {
            model.reset();
            config.reset();
        }
    }

    /** Makes what configuration says act. The configuration lock is held, or nobody knows the function yet. */
    private void applyConfiguration() {
        // Memory of a virtual function is switched on with the physical one's, as long as the virtual one exists.
        int bits = config.read(ConfigSpace.COMMAND, 2) | (physical == null ? 0 : ConfigSpace.COMMAND_MEMORY);
        command = powerState() == 0 ? bits : 0;
        boolean messages = (messagesAt != 0 && (config.read(messagesAt + 2, 2) & 0x1) != 0)
                || (extendedMessagesAt != 0 && (config.read(extendedMessagesAt + 2, 2) & 0x8000) != 0);
        interrupts.configured(
                (bits & ConfigSpace.COMMAND_INTX_DISABLE) != 0 || powerState() != 0,
                messages,
                (command & ConfigSpace.COMMAND_MASTER) != 0);
    }

    @Override
    public PciResource resource(int index) {
        return plan.resources().get(index);
    }

    @Override
    public void requestRegion(int index) {
        if ((requested.getAndUpdate(bits -> bits | (1 << index)) & (1 << index)) != 0) {
            throw new VfioException(
                    Errno.EBUSY, name() + ": the addresses of register " + index + " are in use by a driver already");
        }
    }

    @Override
    public void releaseRegion(int index) {
        requested.getAndUpdate(bits -> bits & ~(1 << index));
    }

    private boolean decodes(PciResource resource, long offset, int size) {
        int enabled = resource.kind() == PciResource.Kind.IO ? ConfigSpace.COMMAND_IO : ConfigSpace.COMMAND_MEMORY;
        return (command & enabled) != 0 && !gone && offset >= 0 && offset <= resource.length() - size;
    }

    @Override
    public long readBar(int bar, long offset, int size) {
        long ones = size == 8 ? -1 : (1L << (8 * size)) - 1;
        return decodes(plan.resources().get(bar), offset, size) ? model.read(bar, offset, size) & ones : ones;
    }

    @Override
    public void writeBar(int bar, long offset, int size, long value) {
        if (decodes(plan.resources().get(bar), offset, size)) {
            model.write(bar, offset, size, value);
        }
    }

    @Override
    public List<MappableArea> mappableAreas(int bar) {
        var registers = model.shared(bar);
        return registers != null && registers.mappable() ? model.mappable(bar) : List.of();
    }

    @Override
    public void beginMapping(int bar) {
        var registers = model.shared(bar);
        if (registers != null) {
            registers.beginMapping();
        }
    }

    @Override
    public void endMapping(int bar) {
        var registers = model.shared(bar);
        if (registers != null) {
            registers.endMapping();
        }
    }

    @Override
    public void showMappings(boolean reachable) {
        for (int bar = 0; bar < ROM; bar++) {
            var registers = model.shared(bar);
            if (registers != null) {
                registers.show(reachable);
            }
        }
    }

    @Override
    public @Nullable MemorySegment mapBar(int bar, Arena lifetime) {
        var registers = model.shared(bar);
        return registers == null ? null : registers.map(lifetime);
    }

    @Override
    public @Nullable FileRange barFile(int bar) {
        var registers = model.shared(bar);
        return registers == null ? null : registers.file().orElse(null);
    }

    @Override
    public @Nullable MemorySegment romImage() {
        return null;
    }

    @Override
    public void enableIntx(Runnable handler) {
        if (physical != null || readConfig(ConfigSpace.INTERRUPT_PIN, 1) == 0) {
            throw new VfioException(Errno.EBUSY, name() + ": it has no interrupt pin");
        }
        interrupts.enableLine(handler);
    }

    @Override
    public void unmaskIntx() {
        interrupts.unmaskLine();
    }

    @Override
    public void maskIntx() {
        interrupts.maskLine();
    }

    @Override
    public void disableIntx() {
        interrupts.disableLine();
    }

    @Override
    public int enableMsi(int vectors, boolean extended, IntConsumer handler) {
        int offered = offeredVectors(extended);
        if (vectors < 1 || vectors > offered) {
            return offered;
        }
        interrupts.enableMessages(vectors, handler);
        configLock.lock();
        try {
            if (extended) {
                config.set(extendedMessagesAt + 2, 2, 0x8000, 0xc000);
            } else {
                config.set(messagesAt + 2, 2, ((32 - Integer.numberOfLeadingZeros(vectors - 1)) << 4) | 1, 0x71);
            }
            if (physical == null) {
                config.set(ConfigSpace.COMMAND, 2, ConfigSpace.COMMAND_INTX_DISABLE, ConfigSpace.COMMAND_INTX_DISABLE);
            }
            applyConfiguration();
        } finally {
            configLock.unlock();
        }
        return vectors;
    }

    private int offeredVectors(boolean extended) {
        int at = extended ? extendedMessagesAt : messagesAt;
        if (at == 0) {
            return 0;
        }
        int control = readConfig(at + 2, 2);
        return extended ? (control & 0x7ff) + 1 : 1 << Math.min(control >>> 1 & 0x7, 5);
    }

    @Override
    public void disableMsi() {
        configLock.lock();
        try {
            if (messagesAt != 0) {
                config.set(messagesAt + 2, 2, 0, 0x1);
            }
            if (extendedMessagesAt != 0) {
                config.set(extendedMessagesAt + 2, 2, 0, 0x8000);
            }
            config.set(ConfigSpace.COMMAND, 2, 0, ConfigSpace.COMMAND_INTX_DISABLE);
            applyConfiguration();
        } finally {
            configLock.unlock();
        }
        interrupts.disableMessages();
        interrupts.deliverLine();
    }

    @Override
    public List<String> resetMethods() {
        var chosen = chosenResets;
        return chosen != null ? chosen : supportedResets();
    }

    /** Allows these methods only, in this order. */
    void chooseResets(List<String> methods) {
        chosenResets = List.copyOf(methods);
    }

    /** Methods the function has, in the usual order of preference. */
    List<String> supportedResets() {
        if (plan.resetMethods().isPresent()) {
            return plan.resetMethods().get();
        }
        var methods = new ArrayList<>(FunctionReset.ofCapabilities(plan.config()));
        if (bus.resettable() && bus.functions().size() == 1 && secondary == null) {
            methods.add(FunctionReset.BUS);
        }
        return List.copyOf(methods);
    }

    @Override
    public void resetFunction() {
        FunctionReset.function(this);
    }

    boolean tryLockReset() {
        // A thread that resets already must not find its own lock open.
        return !resetLock.isHeldByCurrentThread() && resetLock.tryLock();
    }

    void unlockReset() {
        resetLock.unlock();
    }

    /** The reset itself, with the reset lock held: nobody sees configuration until it is restored. */
    void resetHardwareKeepingConfiguration() {
        configLock.lock();
        try {
            if (powerAt != 0) {
                config.set(powerAt + PM_CONTROL, 2, 0, 0x3);
            }
            var saved = config.save();
            config.set(ConfigSpace.COMMAND, 2, physical == null ? ConfigSpace.COMMAND_INTX_DISABLE : 0, 0xffff);
            applyConfiguration();
            model.reset();
            config.reset();
            config.restore(saved);
            applyConfiguration();
        } finally {
            configLock.unlock();
        }
    }

    /** A physical function was reset, and its virtual ones with it: nothing restores what they lose. */
    void resetWithPhysical() {
        configLock.lock();
        try {
            model.reset();
            config.reset();
            applyConfiguration();
        } finally {
            configLock.unlock();
        }
    }

    /** What the PCI core writes: bits of whatever kind. */
    void setConfig(int offset, int size, int bits, int mask) {
        configLock.lock();
        try {
            config.set(offset, size, bits, mask);
        } finally {
            configLock.unlock();
        }
    }

    void deliverPending() {
        interrupts.deliverLine();
    }

    @Override
    public PciBusNode bus() {
        return bus;
    }

    @Override
    public @Nullable HotPlugSlot resettableSlot() {
        return bus.resettableSlot();
    }

    @Override
    public @Nullable EmbeddedFunction physicalFunction() {
        return physical;
    }

    @Override
    public @Nullable VirtualFunctions sriov() {
        return virtualFunctions;
    }

    /** Switches the device off, and its virtual functions with it. */
    @Override
    public void close() {
        var virtual = virtualFunctions;
        if (virtual != null) {
            virtual.close();
        }
        model.close();
    }
}
