// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.cli;

import java.lang.module.ModuleDescriptor;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.IVersionProvider;

/** The version that is written in the command's own module descriptor. */
final class ModuleVersion implements IVersionProvider {

    @Override
    public String[] getVersion() {
        return new String[] {"vfio4j " + of(ModuleVersion.class.getModule().getDescriptor())};
    }

    /** A module's version, or what to say of one that was not taken from a jar. */
    static String of(@Nullable ModuleDescriptor module) {
        return module == null ? "(unpackaged)" : module.rawVersion().orElse("(unpackaged)");
    }
}
