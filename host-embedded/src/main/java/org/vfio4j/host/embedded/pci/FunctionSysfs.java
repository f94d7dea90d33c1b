// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.pci;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.vfio4j.host.embedded.device.TextAttribute;
import org.vfio4j.spi.host.DeviceAttribute;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.spi.pci.PciResource;

/**
 * A function's sysfs directory as far as the PCI core fills it (kernel: {@code pci-sysfs.c}). What was captured of a real
 * function is shown as it was; everything else follows from the function's state. Spec: pci §21.1, §21.4.
 */
final class FunctionSysfs {
    private static final int CLASS_REVISION = 0x08;
    private static final int SUBSYSTEM = 0x2c;
    private static final int BRIDGE_SUBSYSTEM_CAPABILITY = 0x0d;
    private static final int INTERRUPT_LINE = 0x3c;
    private static final int SECONDARY = 0x19;
    private static final int SUBORDINATE = 0x1a;
    private static final int DISPLAY = 0x03;
    private static final int CPUS_PER_WORD = 32;

    private final EmbeddedFunction function;
    private final FunctionPlan plan;
    private final Map<String, DeviceAttribute> attributes = new TreeMap<>();

    private FunctionSysfs(EmbeddedFunction function, FunctionPlan plan) {
        this.function = function;
        this.plan = plan;
    }

    /** All attributes of a function; the map never changes, what they show does. */
    static Map<String, DeviceAttribute> of(EmbeddedFunction function, FunctionPlan plan) {
        var sysfs = new FunctionSysfs(function, plan);
        sysfs.identity();
        sysfs.place();
        sysfs.resources();
        sysfs.attributes.put("config", new ConfigAttribute(function));
        ExpressLink.attributes(function, plan.config()).forEach(sysfs::line);
        sysfs.attributes.putAll(new FunctionControls(function).attributes());
        sysfs.attributes.putAll(SriovAttributes.of(function));
        // Last, so that they win: what the real function showed.
        plan.captured().forEach((name, text) -> sysfs.attributes.put(name, new TextAttribute(0444, () -> text, null)));
        return Map.copyOf(sysfs.attributes);
    }

    private void line(String name, Supplier<String> shown) {
        attributes.put(name, TextAttribute.line(shown));
    }

    private int config(int offset, int size) {
        return function.readConfig(offset, size);
    }

    private boolean bridge() {
        return (plan.config()[ConfigSpace.HEADER_TYPE] & 0x7f) == 1;
    }

    /** Subsystem ids are in the header, those of a bridge in a capability if anywhere. */
    private int subsystem(int offset) {
        if (!bridge()) {
            return config(SUBSYSTEM + offset, 2);
        }
        int at = CapabilityList.find(plan.config(), BRIDGE_SUBSYSTEM_CAPABILITY);
        return at == 0 ? 0 : config(at + 4 + offset, 2);
    }

    private int classCode() {
        return config(CLASS_REVISION, 4) >>> 8;
    }

    private void identity() {
        line("vendor", () -> String.format("0x%04x", function.vendorId()));
        line("device", () -> String.format("0x%04x", function.deviceId()));
        line("subsystem_vendor", () -> String.format("0x%04x", subsystem(0)));
        line("subsystem_device", () -> String.format("0x%04x", subsystem(2)));
        line("class", () -> String.format("0x%06x", classCode()));
        line("revision", () -> String.format("0x%02x", config(CLASS_REVISION, 1)));
        line("modalias", this::modalias);
        attributes.put("uevent", new TextAttribute(0644, this::uevent, text -> {}));
        if (classCode() >>> 16 == DISPLAY) {
            line("boot_vga", () -> "0");
        }
    }

    private String modalias() {
        return String.format(
                "pci:v%08Xd%08Xsv%08Xsd%08Xbc%02Xsc%02Xi%02x",
                function.vendorId(),
                function.deviceId(),
                subsystem(0),
                subsystem(2),
                classCode() >>> 16,
                classCode() >>> 8 & 0xff,
                classCode() & 0xff);
    }

    private String uevent() {
        return String.format(
                "PCI_CLASS=%04X\nPCI_ID=%04X:%04X\nPCI_SUBSYS_ID=%04X:%04X\nPCI_SLOT_NAME=%s\nMODALIAS=%s\n",
                classCode(),
                function.vendorId(),
                function.deviceId(),
                subsystem(0),
                subsystem(2),
                function.name(),
                modalias());
    }

    private void place() {
        boolean withoutLine = function.physicalFunction() != null;
        line(
                "irq",
                () -> Integer.toString(
                        withoutLine || config(ConfigSpace.INTERRUPT_PIN, 1) == 0 ? 0 : config(INTERRUPT_LINE, 1)));
        line("local_cpus", FunctionSysfs::cpuMask);
        line("local_cpulist", () -> {
            int last = Runtime.getRuntime().availableProcessors() - 1;
            return last == 0 ? "0" : "0-" + last;
        });
        line("power_state", () -> function.asleep() ? "D3hot" : "D0");
        line("dma_mask_bits", () -> "32");
        line("consistent_dma_mask_bits", () -> "32");
        line("ari_enabled", () -> "0");
        if (bridge()) {
            line("secondary_bus_number", () -> Integer.toString(config(SECONDARY, 1)));
            line("subordinate_bus_number", () -> Integer.toString(config(SUBORDINATE, 1)));
        }
    }

    /** Every processor is near every function: groups of 32 in hexadecimal, the highest first. */
    private static String cpuMask() {
        int count = Runtime.getRuntime().availableProcessors();
        int words = (count + CPUS_PER_WORD - 1) / CPUS_PER_WORD;
        int top = count - (words - 1) * CPUS_PER_WORD;
        return Long.toHexString((1L << top) - 1) + ",ffffffff".repeat(words - 1);
    }

    private void resources() {
        attributes.put("resource", new TextAttribute(0444, this::resourceLines, null));
        for (int index = 0; index < PciFunction.ROM; index++) {
            var resource = function.resource(index);
            if (resource.present()) {
                attributes.put("resource" + index, new ResourceAttribute(function, index));
                if (resource.prefetchable()) {
                    attributes.put("resource" + index + "_wc", new ResourceAttribute(function, index));
                }
            }
        }
    }

    private String resourceLines() {
        var lines = new StringBuilder();
        for (int index = 0; index <= PciFunction.ROM; index++) {
            var resource = function.resource(index);
            lines.append(
                    resource.present()
                            ? ResourceLine.of(
                                    resource.start(),
                                    resource.start() + resource.length() - 1,
                                    flags(resource, index == PciFunction.ROM))
                            : ResourceLine.NONE);
        }
        if (bridge()) {
            lines.append(ResourceLine.windows(function));
        }
        plan.sriov().ifPresent(sriov -> virtualFunctions(sriov, lines));
        return lines.toString();
    }

    /** The registers of all virtual functions together (kernel: {@code PCI_IOV_RESOURCES}). */
    private static void virtualFunctions(SriovPlan sriov, StringBuilder lines) {
        for (int index = 0; index < PciFunction.ROM; index++) {
            var bar = sriov.bars().get(index);
            long length = bar.length() * sriov.spec().totalVfs();
            lines.append(
                    bar.present()
                            ? ResourceLine.of(bar.start(), bar.start() + length - 1, flags(bar, false))
                            : ResourceLine.NONE);
        }
    }

    private static long flags(PciResource resource, boolean rom) {
        if (resource.kind() == PciResource.Kind.IO) {
            return ResourceLine.SIZE_ALIGNED | ResourceLine.IO | 0x1;
        }
        long flags = ResourceLine.SIZE_ALIGNED | ResourceLine.MEMORY;
        if (rom) {
            return flags | ResourceLine.READ_ONLY | ResourceLine.PREFETCH;
        }
        return flags
                | (resource.prefetchable() ? ResourceLine.PREFETCH | 0x8 : 0)
                | (resource.wide() ? ResourceLine.WIDE | 0x4 : 0);
    }
}
