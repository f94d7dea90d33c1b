// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded;

import java.lang.foreign.MemorySegment;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.vfio4j.host.embedded.iommu.FaultLog;
import org.vfio4j.host.embedded.iommu.IommuUnit;
import org.vfio4j.host.embedded.iommu.PagingConfig;
import org.vfio4j.host.embedded.iommu.PagingUnit;
import org.vfio4j.host.embedded.iommu.TceConfig;
import org.vfio4j.host.embedded.iommu.TceUnit;
import org.vfio4j.host.embedded.machine.IommuSpec;
import org.vfio4j.spi.host.IommuCapability;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.spi.memory.ProcessBarrier;

/** Makes the IOMMU units a description names. */
final class IommuUnits {
    private IommuUnits() {}

    static Map<String, IommuUnit> make(
            List<IommuSpec> specs,
            PhysicalMemory memory,
            ProcessBarrier barrier,
            Consumer<MemorySegment> hugePages,
            FaultLog faults) {
        var units = new LinkedHashMap<String, IommuUnit>();
        for (var spec : specs) {
            units.put(
                    spec.name(),
                    switch (spec) {
                        case IommuSpec.Paging paging ->
                            new PagingUnit(paging.name(), memory, config(paging), faults, barrier, hugePages);
                        case IommuSpec.Tce tce -> new TceUnit(tce.name(), memory, config(tce, memory), faults, barrier);
                    });
        }
        return units;
    }

    private static PagingConfig config(IommuSpec.Paging spec) {
        var capabilities = EnumSet.noneOf(IommuCapability.class);
        if (spec.coherent()) {
            capabilities.add(IommuCapability.CACHE_COHERENCY);
        }
        if (spec.enforcesCoherency()) {
            capabilities.add(IommuCapability.ENFORCE_CACHE_COHERENCY);
        }
        if (spec.dirtyTracking()) {
            capabilities.add(IommuCapability.DIRTY_TRACKING);
        }
        return PagingConfig.defaults()
                .withPageSizes(spec.pageSizes())
                .withAperture(0, spec.addressWidth())
                .withCapabilities(capabilities)
                .withIsolatedMsi(spec.isolatedMsi());
    }

    private static TceConfig config(IommuSpec.Tce spec, PhysicalMemory memory) {
        var usual = TceConfig.defaults();
        return new TceConfig(
                TceConfig.Platform.POWERNV,
                0,
                spec.window32Size(),
                usual.slot1Start(),
                spec.pageSizes(),
                spec.dynamicWindows(),
                spec.levels(),
                memory.pageSize(),
                usual.tableMemoryLimit(),
                true);
    }
}
