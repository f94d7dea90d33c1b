// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.testing;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Names the lines of the specification's checklists that a test proves: {@code @Spec("T-017")}. The test fails without the
 * behaviour. Lines proved by passing tests are listed in {@code target/spec-coverage.txt}.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface Spec {
    /** Checklist numbers, for example {@code C-019}. */
    String[] value();
}
