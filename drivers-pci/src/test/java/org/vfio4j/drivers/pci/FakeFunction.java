// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.pci.MappableArea;
import org.vfio4j.spi.pci.PciAddress;
import org.vfio4j.spi.pci.PciBus;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.spi.pci.PciResetScope;
import org.vfio4j.spi.pci.PciResource;
import org.vfio4j.testing.fixture.SimulatedDevice;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * A function whose hardware a test lays out bit by bit: configuration with writable masks, registers that are memory or
 * note every access, a line and vectors the test raises, and resets that work or fail as told.
 */
final class FakeFunction extends SimulatedDevice implements PciFunction, AutoCloseable {
    /** Vendor and device of a function nothing special is known of. */
    static final int VENDOR = 0x1234;

    static final int DEVICE = 0x11e8;

    private static final int PAGE = 4096;

    final FakeBus bus;
    final byte[] config;
    final byte[] writable;
    final byte[] clearable;
    final PciResource[] resources = new PciResource[7];
    final List<String> accesses = new ArrayList<>();
    final List<Integer> refusedRegions = new ArrayList<>();
    final List<Integer> requested = new ArrayList<>();

    /** Null: resets work. */
    @Nullable
    Errno resetFailure;

    /** What happens in the course of a register access. */
    Runnable access = () -> {};

    /** Whether the driver lets mappings of programs reach the registers. */
    boolean shown = true;

    /** Mappings that began and did not end. */
    int mappings;

    /** Null: all of a register that can be mapped. */
    @Nullable
    List<MappableArea> areas;

    int resets;
    int vectorLimit = Integer.MAX_VALUE;

    @Nullable
    Errno lineFailure;

    @Nullable
    MemorySegment rom;

    @Nullable
    PciResetScope slot;

    @Nullable
    FakeFunction physical;

    byte @Nullable [] vpd;
    int vpdAt;

    private final int devfn;
    private final FileChannel[] files = new FileChannel[6];
    private final @Nullable MemorySegment[] memory = new @Nullable MemorySegment[6];
    private final boolean[] mapped = new boolean[6];
    private final Arena arena = Arena.ofShared();

    private boolean asserted;
    private boolean lineMasked;
    private @Nullable Runnable lineHandler;
    private @Nullable IntConsumer vectorHandler;
    private int lastCapability;
    private int lastExtended;
    private int powerAt;

    FakeFunction(FakeBus bus, int devfn, int configSize) {
        super(address(bus, devfn).toString());
        this.bus = bus;
        this.devfn = devfn;
        config = new byte[configSize];
        writable = new byte[configSize];
        clearable = new byte[configSize];
        java.util.Arrays.fill(resources, PciResource.NONE);
        set(PciRegister.VENDOR_ID, 2, VENDOR);
        set(PciRegister.DEVICE_ID, 2, DEVICE);
        set(PciRegister.INTERRUPT_PIN, 1, 1);
        set(PciRegister.INTERRUPT_LINE, 1, 0x0b);
        permit(PciRegister.COMMAND, 2, 0x0547);
        clear(PciRegister.STATUS, 2, 0xf900);
        permit(PciRegister.CACHE_LINE, 1, 0xff);
        permit(PciRegister.LATENCY, 1, 0xff);
        permit(PciRegister.BIST, 1, 0xff);
        permit(PciRegister.INTERRUPT_LINE, 1, 0xff);
        bus.members.add(this);
    }

    /** A function alone on a root bus with a 1 MiB register that is memory, as an edu device has the place. */
    static FakeFunction plain() {
        var function = new FakeFunction(new FakeBus(true, false), 5 << 3, 256);
        function.bar(0, 0x100000, false);
        return function;
    }

    /** A function with PCI Express, so with 4096 bytes of configuration. */
    static FakeFunction express() {
        var function = new FakeFunction(new FakeBus(false, true), 0, 4096);
        function.bar(0, 0x4000, false);
        function.express(true);
        return function;
    }

    // Hardware layout.

    void set(int offset, int size, int value) {
        ConfigBytes.put(config, offset, size, value);
    }

    int get(int offset, int size) {
        return ConfigBytes.get(config, offset, size);
    }

    void permit(int offset, int size, int mask) {
        ConfigBytes.put(writable, offset, size, mask);
    }

    void clear(int offset, int size, int mask) {
        ConfigBytes.put(clearable, offset, size, mask);
    }

    /** A 32-bit memory register; its memory can be mapped when asked for. */
    FakeFunction bar(int index, long length, boolean canBeMapped) {
        return resource(
                index,
                new PciResource(0xfe000000L + index * 0x400000L, length, PciResource.Kind.MEMORY, false, false),
                canBeMapped);
    }

    FakeFunction resource(int index, PciResource resource, boolean canBeMapped) {
        resources[index] = resource;
        int at = index == ROM ? PciRegister.ROM_BAR : PciRegister.BAR0 + 4 * index;
        long mask = -resource.length();
        int type = resource.kind() == PciResource.Kind.IO
                ? 1
                : (resource.prefetchable() ? 8 : 0) | (resource.wide() ? 4 : 0);
        set(at, 4, (int) resource.start() | (index == ROM ? 0 : type));
        permit(at, 4, (int) mask | (index == ROM ? 1 : 0));
        if (resource.wide()) {
            set(at + 4, 4, (int) (resource.start() >>> 32));
            permit(at + 4, 4, (int) (mask >>> 32));
        }
        if (index < 6 && resource.length() <= 1 << 20) {
            mapped[index] = canBeMapped;
            open(index, resource.length());
        }
        return this;
    }

    private void open(int index, long length) {
        try {
            var path = Files.createTempFile("bar", null);
            files[index] = FileChannel.open(
                    path, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE);
            memory[index] = files[index].map(FileChannel.MapMode.READ_WRITE, 0, pages(length), arena);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long pages(long length) {
        return (length + PAGE - 1) & -PAGE;
    }

    /** Appends a standard capability. */
    int capability(int id, int offset, int... body) {
        set(PciRegister.STATUS, 2, get(PciRegister.STATUS, 2) | PciRegister.STATUS_CAPABILITIES);
        set(lastCapability == 0 ? PciRegister.CAPABILITIES : lastCapability + 1, 1, offset);
        set(offset, 1, id);
        for (int i = 0; i < body.length; i++) {
            set(offset + 2 + i, 1, body[i]);
        }
        lastCapability = offset;
        return offset;
    }

    /** Appends an extended capability. */
    int extended(int id, int offset) {
        if (lastExtended != 0) {
            set(lastExtended, 4, (get(lastExtended, 4) & 0xfffff) | (offset << 20));
        }
        set(offset, 4, id | 0x10000);
        lastExtended = offset;
        return offset;
    }

    int express(boolean withReset) {
        int at = capability(CapabilityId.EXPRESS, 0x60);
        set(at + 2, 2, 0x0002);
        set(at + 4, 4, withReset ? 1 << 28 : 0);
        set(at + 8, 2, 0x2810);
        permit(at + 8, 2, 0x7fff);
        clear(at + 10, 2, 0x000f);
        permit(at + 0x10, 2, 0x0ff3);
        permit(at + 0x28, 2, 0x77ff);
        return at;
    }

    int power(boolean noSoftReset) {
        int at = capability(CapabilityId.POWER, 0x48);
        powerAt = at;
        set(at + 2, 2, 0xc803);
        set(at + 4, 2, noSoftReset ? 0x8 : 0);
        permit(at + 4, 2, 0x1f03);
        clear(at + 4, 2, 0x8000);
        return at;
    }

    int msi(int log2Vectors, boolean wide, boolean maskable) {
        int at = capability(CapabilityId.MSI, 0x80);
        set(at + 2, 2, (log2Vectors << 1) | (wide ? 0x80 : 0) | (maskable ? 0x100 : 0));
        permit(at + 2, 2, 0x71);
        permit(at + 4, 4, ~3);
        int data = wide ? at + 12 : at + 8;
        if (wide) {
            permit(at + 8, 4, -1);
        }
        permit(data, 2, -1);
        if (maskable) {
            permit(data + 4, 4, -1);
        }
        return at;
    }

    int msix(int vectors, int bar, int tableOffset) {
        int at = capability(CapabilityId.MSI_X, 0xb0);
        set(at + 2, 2, vectors - 1);
        permit(at + 2, 2, 0xc000);
        set(at + 4, 4, tableOffset | bar);
        return at;
    }

    // What a test does to the device.

    void raiseLine() {
        asserted = true;
        deliver();
    }

    void lowerLine() {
        asserted = false;
    }

    void raiseVector(int vector) {
        var handler = vectorHandler;
        if (handler != null) {
            handler.accept(vector);
        }
    }

    boolean lineEnabled() {
        return lineHandler != null;
    }

    boolean vectorsEnabled() {
        return vectorHandler != null;
    }

    MemorySegment memoryOf(int bar) {
        var found = memory[bar];
        if (found == null) {
            throw new AssertionError("BAR " + bar + " has no memory");
        }
        return found;
    }

    /** Loses configuration as a reset behind the host's back does. */
    void backdoorReset() {
        for (int i = 0; i < config.length; i++) {
            if (writable[i] != 0) {
                config[i] &= (byte) ~writable[i];
            }
        }
    }

    private void deliver() {
        boolean off = (get(PciRegister.COMMAND, 2) & PciRegister.COMMAND_INTX_DISABLE) != 0;
        var handler = lineHandler;
        if (asserted && !lineMasked && !off && handler != null) {
            lineMasked = true;
            handler.run();
        }
    }

    @Override
    public void close() {
        arena.close();
        for (var file : files) {
            if (file != null) {
                try {
                    file.close();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        }
    }

    // The function.

    @Override
    public PciAddress address() {
        return address(bus, devfn);
    }

    private static PciAddress address(FakeBus bus, int devfn) {
        return new PciAddress(0, bus.number(), devfn >> 3, devfn & 7);
    }

    @Override
    public int configSize() {
        return config.length;
    }

    @Override
    public int readConfig(int offset, int size) {
        return ConfigBytes.get(config, offset, size);
    }

    @Override
    public void writeConfig(int offset, int size, int value) {
        boolean asleep = powerState() == PowerState.D3_HOT;
        int before = get(offset, size);
        int taken = ConfigBytes.merge(before, value, ConfigBytes.get(writable, offset, size));
        ConfigBytes.put(config, offset, size, taken & ~(value & ConfigBytes.get(clearable, offset, size)));
        if (asleep && powerState() == PowerState.D0 && (get(powerAt + 4, 2) & 0x8) == 0) {
            backdoorReset();
        }
        operateVpd(offset, size);
        deliver();
    }

    private int powerState() {
        return powerAt == 0 ? PowerState.D0 : get(powerAt + 4, 2) & 3;
    }

    private void operateVpd(int offset, int size) {
        var store = vpd;
        if (store == null || offset > vpdAt + 3 || offset + size <= vpdAt + 3) {
            return;
        }
        int register = get(vpdAt + 2, 2);
        int address = register & 0x7fff;
        if ((register & 0x8000) == 0) {
            ConfigBytes.put(
                    config, vpdAt + 4, 4, address + 4 <= store.length ? ConfigBytes.get(store, address, 4) : -1);
        } else if (address + 4 <= store.length) {
            ConfigBytes.put(store, address, 4, get(vpdAt + 4, 4));
        }
        ConfigBytes.put(config, vpdAt + 2, 2, register ^ 0x8000);
    }

    @Override
    public PciResource resource(int index) {
        return resources[index];
    }

    @Override
    public void requestRegion(int index) {
        if (refusedRegions.contains(index)) {
            throw new VfioException(Errno.EBUSY, "the test refuses BAR " + index);
        }
        requested.add(index);
    }

    @Override
    public void releaseRegion(int index) {
        requested.remove(Integer.valueOf(index));
    }

    private boolean decodes(int bar) {
        int bit = resources[bar].kind() == PciResource.Kind.IO ? PciRegister.COMMAND_IO : PciRegister.COMMAND_MEMORY;
        return (get(PciRegister.COMMAND, 2) & bit) != 0 || physical != null;
    }

    @Override
    public long readBar(int bar, long offset, int size) {
        accesses.add("read" + size + "@" + Long.toHexString(offset));
        access.run();
        var bytes = memory[bar];
        if (bytes == null || !decodes(bar)) {
            return -1;
        }
        long value = 0;
        for (int i = size - 1; i >= 0; i--) {
            value = (value << 8) | (bytes.get(java.lang.foreign.ValueLayout.JAVA_BYTE, offset + i) & 0xff);
        }
        return value;
    }

    @Override
    public void writeBar(int bar, long offset, int size, long value) {
        accesses.add("write" + size + "@" + Long.toHexString(offset));
        var bytes = memory[bar];
        if (bytes != null && decodes(bar)) {
            for (int i = 0; i < size; i++) {
                bytes.set(java.lang.foreign.ValueLayout.JAVA_BYTE, offset + i, (byte) (value >>> (8 * i)));
            }
        }
    }

    @Override
    public List<MappableArea> mappableAreas(int bar) {
        if (!mapped[bar]) {
            return List.of();
        }
        return areas != null ? areas : List.of(new MappableArea(0, resources[bar].length()));
    }

    @Override
    public void beginMapping(int bar) {
        mappings++;
    }

    @Override
    public void endMapping(int bar) {
        mappings--;
    }

    @Override
    public void showMappings(boolean reachable) {
        shown = reachable;
    }

    @Override
    public @Nullable MemorySegment mapBar(int bar, Arena lifetime) {
        try {
            return mapped[bar]
                    ? files[bar].map(FileChannel.MapMode.READ_WRITE, 0, pages(resources[bar].length()), lifetime)
                    : null;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public @Nullable MemorySegment romImage() {
        return rom;
    }

    @Override
    public void enableIntx(Runnable handler) {
        if (lineFailure != null) {
            throw new VfioException(lineFailure, "the test refuses the line");
        }
        lineHandler = handler;
        lineMasked = false;
        deliver();
    }

    @Override
    public void unmaskIntx() {
        lineMasked = false;
        deliver();
    }

    @Override
    public void maskIntx() {
        lineMasked = true;
    }

    @Override
    public void disableIntx() {
        lineHandler = null;
    }

    @Override
    public int enableMsi(int vectors, boolean extended, IntConsumer handler) {
        if (vectors > vectorLimit) {
            return vectorLimit;
        }
        vectorHandler = handler;
        int at = HardwareCapabilities.find(this, extended ? CapabilityId.MSI_X : CapabilityId.MSI);
        ConfigBytes.put(config, at + 2, 2, get(at + 2, 2) | (extended ? 0x8000 : 1));
        ConfigBytes.put(config, PciRegister.COMMAND, 2, get(PciRegister.COMMAND, 2) | PciRegister.COMMAND_INTX_DISABLE);
        return vectors;
    }

    @Override
    public void disableMsi() {
        vectorHandler = null;
    }

    @Override
    public List<String> resetMethods() {
        return List.of("flr");
    }

    @Override
    public void resetFunction() {
        if (resetFailure != null) {
            throw new VfioException(resetFailure, "the test lets the reset fail");
        }
        resets++;
        loseRegisters();
    }

    private void loseRegisters() {
        for (var bytes : memory) {
            if (bytes != null) {
                bytes.fill((byte) 0);
            }
        }
    }

    @Override
    public PciBus bus() {
        return bus;
    }

    @Override
    public @Nullable PciResetScope resettableSlot() {
        return slot;
    }

    @Override
    public @Nullable PciFunction physicalFunction() {
        return physical;
    }

    // The bus device.

    @Override
    public String busName() {
        return "pci";
    }

    @Override
    public String sysfsPath() {
        return "/devices/pci0000:00/" + name();
    }

    /** A bus or slot that counts its resets, and resets the registers of what is on it. */
    static final class FakeBus implements PciBus {
        final List<PciFunction> members = new ArrayList<>();

        /** Functions of buses below. */
        final List<PciFunction> below = new ArrayList<>();

        /** Null: resets work. */
        @Nullable
        Errno resetFailure;

        final boolean root;
        final boolean resettable;
        int resets;

        FakeBus(boolean root, boolean resettable) {
            this.root = root;
            this.resettable = resettable;
        }

        @Override
        public int number() {
            return root ? 0 : 1;
        }

        @Override
        public boolean root() {
            return root;
        }

        @Override
        public List<PciFunction> functions() {
            return members;
        }

        @Override
        public boolean resettable() {
            return resettable;
        }

        @Override
        public List<PciFunction> affected() {
            var all = new ArrayList<>(members);
            all.addAll(below);
            return all;
        }

        @Override
        public void reset() {
            if (resetFailure != null) {
                throw new VfioException(resetFailure, "the test lets the reset fail");
            }
            resets++;
            members.forEach(member -> ((FakeFunction) member).loseRegisters());
        }
    }
}
