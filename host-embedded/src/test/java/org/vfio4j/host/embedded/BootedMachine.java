// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.vfio4j.core.memory.FrameTable;
import org.vfio4j.core.memory.JvmAddressSpace;
import org.vfio4j.core.memory.Membarrier;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.host.Host;
import org.vfio4j.spi.host.HostEnvironment;
import org.vfio4j.spi.host.IommuDomain;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.spi.memory.ProcessBarrier;
import org.vfio4j.spi.pci.PciFunction;

/** A machine under test with memory of its own, and the few steps VFIO takes with it. */
public final class BootedMachine implements AutoCloseable {
    private static final long PAGE = 4096;

    private final FrameTable memory = new FrameTable();
    private final JvmAddressSpace user = new JvmAddressSpace(memory);
    private final Host host;

    private BootedMachine(Optional<Path> machine) {
        host = new EmbeddedHostProvider().start(new HostEnvironment() {
            @Override
            public PhysicalMemory memory() {
                return memory;
            }

            @Override
            public Optional<Path> machine() {
                return machine;
            }

            @Override
            public ProcessBarrier processBarrier() {
                return Membarrier.ofProcess();
            }
        });
    }

    /** The machine taken when none is chosen. */
    public static BootedMachine builtIn() {
        return new BootedMachine(Optional.empty());
    }

    /** A machine from a file or folder. */
    public static BootedMachine from(Path path) {
        return new BootedMachine(Optional.of(path));
    }

    /** A machine from a description. */
    public static BootedMachine of(String json) {
        try {
            var file = Files.createTempFile("machine", ".json");
            try {
                Files.writeString(file, json);
                return from(file);
            } finally {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A machine with one paging unit and these PCI functions, in JSON. */
    public static BootedMachine withFunctions(String... functions) {
        return of("""
                {"name": "test", "iommus": [{"name": "iommu0", "kind": "paging"}],
                 "pci": {"iommu": "iommu0", "nativeDrivers": ["pcieport", "e1000e"], "functions": [%s]}}
                """.formatted(String.join(",\n", functions)));
    }

    public Host host() {
        return host;
    }

    public FrameTable memory() {
        return memory;
    }

    public JvmAddressSpace user() {
        return user;
    }

    public BusDevice device(String name) {
        return host.buses().stream()
                .flatMap(bus -> bus.devices().stream())
                .filter(device -> device.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no device " + name));
    }

    public PciFunction function(String address) {
        return (PciFunction) device("0000:" + address);
    }

    public IommuGroup group(String address) {
        return function(address).iommuGroup().orElseThrow();
    }

    /** Claims a device's group and maps memory for it, as a container does; answers the domain. */
    public IommuDomain map(String address, long iova, long vaddr, long length, int protection) {
        var group = group(address);
        if (group.attachedDomain().isEmpty()) {
            group.claimDmaOwner(this, true);
            group.attach(group.allocateDomain(false));
        }
        var domain = group.attachedDomain().orElseThrow();
        long[] at = {iova};
        user.pin(vaddr, length, true, (phys, run) -> {
            domain.map(at[0], phys, (run + PAGE - 1) & -PAGE, protection);
            at[0] += run;
        });
        return domain;
    }

    @Override
    public void close() {
        host.close();
    }
}
