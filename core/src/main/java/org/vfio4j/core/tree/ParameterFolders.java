// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.tree;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.stream.Stream;
import org.vfio4j.core.vfio.CoreSettings;

/** {@code /sys/module}: parameters that can be seen, and changed, while it all runs. Spec: core NA-4. */
@Singleton
final class ParameterFolders {
    private static final String VFIO = "vfio";

    private final CoreSettings settings;

    @Inject
    ParameterFolders(CoreSettings settings) {
        this.settings = settings;
    }

    /** Modules that are shown. */
    Stream<String> names() {
        return Stream.of(VFIO);
    }

    /** {@code /sys/module}. */
    Folder modules() {
        var parameters = new Entries()
                .add(
                        "enable_unsafe_noiommu_mode",
                        TextAttribute.variable(
                                () -> settings.unsafeNoIommuMode() ? "Y\n" : "N\n",
                                text -> settings.unsafeNoIommuMode(TextAttribute.truth(text))));
        return new Entries().add(VFIO, new Entries().add("parameters", parameters));
    }
}
